#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"

namespace tymbal::worker {

/// What a number in a document counts.
enum class TimeUnit : uint8_t {
  kSeconds,
  kMillis,
  kMicros,
  kNanos,
  kIso,  ///< ISO 8601 text, or epoch ms as a number: what Elasticsearch's `date` accepts.
};

/// Where a value stands in a document: names joined by dots. A name may itself contain dots in the
/// document ("a.b" finds {"a":{"b":1}} and {"a.b":1}, as in Elasticsearch). A part such as
/// `tags[key=error].value` looks into a list of objects and takes `value` of the one whose `key` is
/// the text "error".
struct FieldPath {
  std::string text;
};

/// A record is an error when any of a profile's rules holds.
struct ErrorRule {
  enum class Kind : uint8_t {
    kBoolean,  ///< The field is true; it must be a JSON boolean.
    kPresent,  ///< The field is there, with any value but null or false.
    kEquals,   ///< The field's text, number or boolean is one of `values`.
  };
  FieldPath path;
  Kind kind = Kind::kBoolean;
  std::vector<std::string> values;
};

/// Maps the documents of a tracing system to spans. Loaded from conf/profiles/<name>.yaml;
/// docs/profiles.md teaches the format. Each field has a list of paths: the first that is present
/// counts. An empty list: the documents don't have it.
struct Profile {
  std::string name;
  std::string description;
  std::string index;  ///< Index pattern, for search servers.

  std::vector<FieldPath> app;
  std::vector<FieldPath> service;
  std::vector<FieldPath> method;
  std::vector<FieldPath> start;
  TimeUnit start_unit = TimeUnit::kMillis;
  std::vector<FieldPath> duration;
  TimeUnit duration_unit = TimeUnit::kMicros;
  std::vector<FieldPath> trace_id;
  std::vector<FieldPath> span_id;
  std::vector<FieldPath> kind;
  std::vector<FieldPath> slot;
  std::vector<ErrorRule> errors;

  /// The kinds that are the entry side of a call, compared without regard to ASCII case.
  std::vector<std::string> entry_kinds;
  /// Whether only records of an entry kind count (`--kinds entry`), or all (`--kinds all`).
  bool entry_only = false;
};

/// Reads a profile. Errors: kInvalidArgument, naming `origin` (a file name), the key and the cure.
Result<Profile> ParseProfile(std::string_view yaml, std::string_view origin);
/// Reads a shipped profile by its name, or the file at a path (anything with a slash or a dot).
Result<Profile> LoadProfile(const std::string& name_or_path);

}  // namespace tymbal::worker
