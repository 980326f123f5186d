#pragma once

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/config.h"
#include "common/status.h"

namespace tymbal {

/// Replaces ${NAME} and ${NAME:default}. Errors: kInvalidArgument for a variable that isn't set and
/// has no default.
Result<std::string> ExpandVariables(std::string_view text, const Environment& environment);

/// A map of a YAML configuration: takes the known keys; what is left is an error. Only for
/// config*.cc: it brings yaml-cpp along, and lets its exceptions through.
class Section {
 public:
  Section(YAML::Node node, std::string path, const Environment& environment)
      : node_(std::move(node)), path_(std::move(path)), environment_(environment) {}

  /// Calls `take` with the text of a scalar, if the key is there.
  template <typename Take>
  Status Scalar(const std::string& key, Take take) {
    known_.insert(key);
    const YAML::Node value = Child(key);
    if (!value) return Status::Ok();
    if (!value.IsScalar()) return Error(key, "must be a single value");
    const auto text = ExpandVariables(value.as<std::string>(), environment_);
    if (!text) return text.error().WithContext(Full(key));
    const Status taken = take(*text);
    return taken.ok() ? taken : taken.WithContext(Full(key));
  }

  /// Calls `visit` with the section below a key, if it is there, and checks its keys.
  template <typename Visit>
  Status Map(const std::string& key, Visit visit) {
    known_.insert(key);
    const YAML::Node value = Child(key);
    if (!value || value.IsNull()) return Status::Ok();
    if (!value.IsMap()) return Error(key, "must be a map of keys");
    Section section(value, Full(key), environment_);
    TYMBAL_RETURN_IF_ERROR(visit(section));
    return section.CheckKeys();
  }

  /// Calls `take` for each key and value, whatever the keys are.
  template <typename Take>
  Status Each(Take take) {
    for (const auto& entry : node_) {
      const auto key = entry.first.as<std::string>();
      TYMBAL_RETURN_IF_ERROR(Scalar(key, [&](const std::string& text) { return take(key, text); }));
    }
    return Status::Ok();
  }

  /// Errors: kInvalidArgument for a key that was not asked for, or stands there twice.
  Status CheckKeys() const;

 private:
  YAML::Node Child(const std::string& key) const {
    return node_ && node_.IsMap() ? node_[key] : YAML::Node(YAML::NodeType::Undefined);
  }
  std::string Full(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }
  Status Error(const std::string& key, const std::string& what) const {
    return InvalidArgument(Full(key) + ": " + what);
  }

  YAML::Node node_;
  std::string path_;
  const Environment& environment_;
  std::set<std::string> known_;
};

// What a scalar's text becomes. Errors: kInvalidArgument.
Status TakeDuration(const std::string& text, int64_t* target_ms);
Status TakeCount(const std::string& text, size_t* target);
Status TakeText(const std::string& text, std::string* target);
Status TakeMemory(const std::string& text, uint64_t* target);

}  // namespace tymbal
