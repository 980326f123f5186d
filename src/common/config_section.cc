#include "common/config_section.h"

#include <charconv>

#include "common/period.h"
#include "common/size_text.h"

namespace tymbal {

Result<std::string> ExpandVariables(std::string_view text, const Environment& environment) {
  std::string out;
  while (true) {
    const size_t begin = text.find("${");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const size_t end = text.find('}', begin);
    if (end == std::string_view::npos) return InvalidArgument("'${' without '}'");
    const std::string_view inner = text.substr(begin + 2, end - begin - 2);
    const size_t colon = inner.find(':');
    const std::string name(inner.substr(0, colon));
    if (const auto value = environment(name)) {
      out += *value;
    } else if (colon != std::string_view::npos) {
      out += inner.substr(colon + 1);
    } else {
      return InvalidArgument("the environment variable " + name +
                             " is not set; set it, or write ${" + name + ":default}");
    }
    text.remove_prefix(end + 1);
  }
}

Status Section::CheckKeys() const {
  if (!node_ || node_.IsNull()) return Status::Ok();
  if (!node_.IsMap()) return InvalidArgument("the configuration must be a map of keys");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    const auto key = entry.first.as<std::string>();
    if (!seen.insert(key).second) return Error(key, "stands there twice");
    if (known_.contains(key)) continue;
    std::string list;
    for (const std::string& name : known_) list += (list.empty() ? "" : ", ") + name;
    return Error(key, "there is no such option here; there are " + list);
  }
  return Status::Ok();
}

Status TakeDuration(const std::string& text, int64_t* target_ms) {
  TYMBAL_ASSIGN_OR_RETURN(*target_ms, ParseDurationMs(text));
  return Status::Ok();
}

Status TakeCount(const std::string& text, size_t* target) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *target);
  if (code == std::errc() && end == text.data() + text.size()) return Status::Ok();
  return InvalidArgument("'" + text + "' is no whole number");
}

Status TakeText(const std::string& text, std::string* target) {
  *target = text;
  return Status::Ok();
}

Status TakeMemory(const std::string& text, uint64_t* target) {
  TYMBAL_ASSIGN_OR_RETURN(*target, ParseSizeBytes(text));
  return Status::Ok();
}

}  // namespace tymbal
