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
  kIso,  ///< ISO 8601 text, or epoch ms as a number or text: what Elasticsearch's `date` accepts.
};

/// How a value becomes a name.
enum class NameForm : uint8_t {
  kText,                ///< It is the name.
  kInteger,             ///< A whole number; its digits are the name.
  kSkywalkingService,   ///< base64(name) + "." + "0" or "1".
  kSkywalkingEndpoint,  ///< A service id as above + "_" + base64(name).
};

/// Where a value stands in a document: names joined by dots. A name may itself contain dots in the
/// document ("a.b" finds {"a":{"b":1}} and {"a.b":1}, as in Elasticsearch). A part such as
/// `tags[key=error].value` looks into a list of objects and takes `value` of the one whose `key` is
/// the text "error".
struct FieldPath {
  std::string text;
  NameForm form = NameForm::kText;  ///< Of app, service and method only.
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

/// Which documents count at all: those whose field is one of `values`, byte by byte. An absent
/// field is none of them.
struct Condition {
  FieldPath path;
  std::vector<std::string> values;
};

/// Which function of its names gave a document the slot that it carries.
enum class SlotFunction : uint8_t {
  kTymbal,  ///< SlotOf; checked against the names.
  kCicada,  ///< The original cicada's sliceNo, of its numeric ids; not checked.
};

/// How the spans of a range of slots are asked for, of a search server.
enum class SlotRead : uint8_t {
  kAuto,   ///< The best of these that the index allows.
  kField,  ///< By a range of the slot that the documents carry.
  kGroup,  ///< By the names of the endpoints that a composite aggregation lists.
  kScan,   ///< All spans, dropping those of other slots.
};

/// Maps the documents of a tracing system to spans. Loaded from conf/profiles/<name>.yaml;
/// docs/profiles.md teaches the format. Each field has a list of paths: the first that is present
/// counts. An empty list: the documents don't have it.
struct Profile {
  std::string name;
  std::string description;

  // For search servers; files don't use them.
  std::string index;                    ///< Index pattern.
  std::string time_field;               ///< What the index is filtered and sliced by; no list.
  TimeUnit time_unit = TimeUnit::kIso;  ///< kIso: a `date` field; else a number of that unit.
  SlotRead slot_read = SlotRead::kAuto;

  std::vector<Condition> only;  ///< Each must hold, or the document doesn't count.
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
  /// How many calls a document stands for, where the tracer samples; see WholeWeight().
  std::vector<FieldPath> weight;
  std::vector<FieldPath> slot;
  SlotFunction slot_function = SlotFunction::kTymbal;
  uint32_t slot_count = 0;  ///< How many slots that function has; 0: as many as the job.
  std::vector<ErrorRule> errors;

  /// The kinds that are the entry side of a call, compared without regard to ASCII case.
  std::vector<std::string> entry_kinds;
  /// Whether only records of an entry kind count (`--kinds entry`), or all (`--kinds all`).
  bool entry_only = false;
};

/// Stands for the name of the profile that fits the input.
inline constexpr std::string_view kProfileAuto = "auto";

/// Reads a profile. Errors: kInvalidArgument, naming `origin` (a file name), the key and the cure.
Result<Profile> ParseProfile(std::string_view yaml, std::string_view origin);
/// Reads a shipped profile by its name, or the file at a path (anything with a slash or a dot).
Result<Profile> LoadProfile(const std::string& name_or_path);

}  // namespace tymbal::worker
