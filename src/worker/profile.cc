#include "worker/profile.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "common/file_text.h"
#include "worker/path_tree.h"
#include "worker/shipped_profiles.h"

namespace tymbal::worker {
namespace {

constexpr std::array<std::pair<std::string_view, TimeUnit>, 5> kUnits = {{{"s", TimeUnit::kSeconds},
                                                                          {"ms", TimeUnit::kMillis},
                                                                          {"us", TimeUnit::kMicros},
                                                                          {"ns", TimeUnit::kNanos},
                                                                          {"iso", TimeUnit::kIso}}};

/// Reads one YAML document; remembers where it is, for messages. yaml-cpp's exceptions end in
/// ParseProfile.
class ProfileParser {
 public:
  explicit ProfileParser(std::string_view origin) : origin_(origin) {}

  Result<Profile> Parse(const YAML::Node& root) {
    TYMBAL_RETURN_IF_ERROR(CheckKeys(
        root, "the profile",
        {"name", "description", "index", "fields", "errors", "entry_kinds", "entry_only"}));
    Profile profile;
    profile.name = root["name"].as<std::string>("");
    if (profile.name.empty()) return Error("", "name is missing");
    profile.description = root["description"].as<std::string>("");
    profile.index = root["index"].as<std::string>("");
    if (root["entry_kinds"]) {
      if (!root["entry_kinds"].IsSequence()) return Error("entry_kinds", "must be a list of kinds");
      profile.entry_kinds = root["entry_kinds"].as<std::vector<std::string>>();
    }
    if (root["entry_only"] &&
        !YAML::convert<bool>::decode(root["entry_only"], profile.entry_only)) {
      return Error("entry_only", "must be true or false");
    }
    TYMBAL_RETURN_IF_ERROR(ParseFields(root["fields"], &profile));
    TYMBAL_RETURN_IF_ERROR(ParseErrors(root["errors"], &profile));
    if (profile.entry_only && (profile.kind.empty() || profile.entry_kinds.empty())) {
      return Error("entry_only", "needs fields.kind and entry_kinds");
    }
    return profile;
  }

 private:
  Status Error(std::string_view key, std::string_view what) const {
    std::string message = std::string(origin_) + ": ";
    if (!key.empty()) message += "'" + std::string(key) + "': ";
    return InvalidArgument(message + std::string(what));
  }

  Status CheckKeys(const YAML::Node& map, std::string_view where,
                   const std::set<std::string>& known) const {
    if (!map.IsMap()) return Error("", std::string(where) + " must be a map of keys");
    for (const auto& entry : map) {
      const auto key = entry.first.as<std::string>();
      if (known.contains(key)) continue;
      std::string list;
      for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
      return Error(key, "is no key of " + std::string(where) + "; it may have " + list);
    }
    return Status::Ok();
  }

  Status ParseFields(const YAML::Node& fields, Profile* profile) const {
    if (!fields) return Error("fields", "is missing");
    TYMBAL_RETURN_IF_ERROR(CheckKeys(
        fields, "fields",
        {"app", "service", "method", "start", "duration", "trace_id", "span_id", "kind", "slot"}));
    const std::array<std::pair<const char*, std::vector<FieldPath>*>, 9> targets = {
        {{"app", &profile->app},
         {"service", &profile->service},
         {"method", &profile->method},
         {"start", &profile->start},
         {"duration", &profile->duration},
         {"trace_id", &profile->trace_id},
         {"span_id", &profile->span_id},
         {"kind", &profile->kind},
         {"slot", &profile->slot}}};
    for (const auto& [key, target] : targets) {
      if (!fields[key]) continue;
      TYMBAL_RETURN_IF_ERROR(ParseField(key, fields[key], profile, target));
    }
    for (const auto& [key, paths] : {std::pair("app", &profile->app),
                                     {"method", &profile->method},
                                     {"start", &profile->start},
                                     {"duration", &profile->duration}}) {
      if (paths->empty()) return Error(std::string("fields.") + key, "is missing");
    }
    return Status::Ok();
  }

  /// A field is a path, a list of paths, or {path: …, unit: …} for times.
  Status ParseField(const std::string& key, const YAML::Node& node, Profile* profile,
                    std::vector<FieldPath>* paths) const {
    YAML::Node path_node = node;
    if (node.IsMap()) {
      TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "fields." + key, {"path", "unit"}));
      if (!node["path"]) return Error("fields." + key + ".path", "is missing");
      path_node.reset(node["path"]);
      if (node["unit"]) {
        const auto text = node["unit"].as<std::string>();
        const auto* unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [&](const auto& u) { return u.first == text; });
        if (unit == kUnits.end() || (key != "start" && key != "duration") ||
            (key == "duration" && unit->second == TimeUnit::kIso)) {
          return Error("fields." + key + ".unit",
                       "'" + text +
                           "' is no unit here; start takes s, ms, us, ns or iso, duration "
                           "takes s, ms, us or ns");
        }
        (key == "start" ? profile->start_unit : profile->duration_unit) = unit->second;
      }
    }
    if (!path_node.IsSequence()) return AddPath(key, path_node, paths);
    for (const YAML::Node& path : path_node) {
      TYMBAL_RETURN_IF_ERROR(AddPath(key, path, paths));
    }
    return Status::Ok();
  }

  Status AddPath(const std::string& key, const YAML::Node& node,
                 std::vector<FieldPath>* paths) const {
    if (!node.IsScalar()) return Error("fields." + key, "must be a path or a list of paths");
    paths->push_back({node.as<std::string>()});
    const Status status = CheckPath(paths->back());
    return status.ok() ? status : Error("fields." + key, status.message());
  }

  Status ParseErrors(const YAML::Node& rules, Profile* profile) const {
    if (!rules) return Status::Ok();
    if (!rules.IsSequence()) return Error("errors", "must be a list of rules");
    for (const YAML::Node& node : rules) {
      TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "a rule of errors", {"path", "when", "values"}));
      ErrorRule rule;
      rule.path.text = node["path"].as<std::string>("");
      if (rule.path.text.empty()) return Error("errors", "a rule has no path");
      if (const Status s = CheckPath(rule.path); !s.ok()) return Error("errors", s.message());
      const auto when = node["when"].as<std::string>("");
      if (when == "true") {
        rule.kind = ErrorRule::Kind::kBoolean;
      } else if (when == "present") {
        rule.kind = ErrorRule::Kind::kPresent;
      } else if (when == "equals") {
        rule.kind = ErrorRule::Kind::kEquals;
        rule.values = node["values"].as<std::vector<std::string>>(std::vector<std::string>());
        if (rule.values.empty()) return Error("errors", "a rule with 'when: equals' needs values");
      } else {
        return Error("errors", "'when' must be true, present or equals");
      }
      profile->errors.push_back(std::move(rule));
    }
    return Status::Ok();
  }

  std::string_view origin_;
};

}  // namespace

Result<Profile> ParseProfile(std::string_view yaml, std::string_view origin) {
  try {
    return ProfileParser(origin).Parse(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& e) {
    return InvalidArgument(std::string(origin) + ": " + e.what());
  }
}

Result<Profile> LoadProfile(const std::string& name_or_path) {
  if (name_or_path.find_first_of("./") == std::string::npos) {
    std::string names;
    for (const ShippedProfile& shipped : ShippedProfiles()) {
      if (shipped.name == name_or_path) return ParseProfile(shipped.yaml, name_or_path);
      names += (names.empty() ? "" : ", ") + std::string(shipped.name);
    }
    return InvalidArgument("there is no profile '" + name_or_path + "'; write one of " + names +
                           ", or the path of a YAML file");
  }
  TYMBAL_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(name_or_path));
  return ParseProfile(text, name_or_path);
}

}  // namespace tymbal::worker
