#include "worker/profile.h"

#include <yaml-cpp/yaml.h>

#include <array>
#include <optional>
#include <set>
#include <utility>

#include "common/file_text.h"
#include "worker/path_tree.h"
#include "worker/shipped_profiles.h"

namespace tymbal::worker {
namespace {

template <typename T, size_t N>
using Words = std::array<std::pair<std::string_view, T>, N>;

constexpr Words<TimeUnit, 5> kUnits = {{{"s", TimeUnit::kSeconds},
                                        {"ms", TimeUnit::kMillis},
                                        {"us", TimeUnit::kMicros},
                                        {"ns", TimeUnit::kNanos},
                                        {"iso", TimeUnit::kIso}}};
constexpr Words<TimeUnit, 5> kIndexUnits = {{{"date", TimeUnit::kIso},
                                             {"s", TimeUnit::kSeconds},
                                             {"ms", TimeUnit::kMillis},
                                             {"us", TimeUnit::kMicros},
                                             {"ns", TimeUnit::kNanos}}};
constexpr Words<NameForm, 3> kForms = {{{"integer", NameForm::kInteger},
                                        {"skywalking_service", NameForm::kSkywalkingService},
                                        {"skywalking_endpoint", NameForm::kSkywalkingEndpoint}}};
constexpr Words<SlotFunction, 2> kSlotFunctions = {
    {{"tymbal", SlotFunction::kTymbal}, {"cicada", SlotFunction::kCicada}}};
constexpr Words<SlotRead, 4> kSlotReads = {{{"auto", SlotRead::kAuto},
                                            {"field", SlotRead::kField},
                                            {"group", SlotRead::kGroup},
                                            {"scan", SlotRead::kScan}}};

/// The original cicada's own default of `job.slot.range`.
constexpr uint32_t kCicadaSlots = 65536;

template <typename T, size_t N>
std::optional<T> Find(const Words<T, N>& words, std::string_view text) {
  for (const auto& [word, value] : words) {
    if (word == text) return value;
  }
  return std::nullopt;
}

/// Returns "a, b or c".
template <typename T, size_t N>
std::string Listed(const Words<T, N>& words) {
  std::string text;
  for (size_t i = 0; i < N; ++i) {
    text += std::string(i == 0 ? "" : i + 1 < N ? ", " : " or ") + std::string(words[i].first);
  }
  return text;
}

/// Reads one YAML document; remembers where it is, for messages. yaml-cpp's exceptions end in
/// ParseProfile.
class ProfileParser {
 public:
  explicit ProfileParser(std::string_view origin) : origin_(origin) {}

  Result<Profile> Parse(const YAML::Node& root) {
    TYMBAL_RETURN_IF_ERROR(CheckKeys(root, "the profile",
                                     {"name", "description", "index", "time_field", "slot_read",
                                      "only", "fields", "errors", "entry_kinds", "entry_only"}));
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
    TYMBAL_RETURN_IF_ERROR(ParseOnly(root["only"], &profile));
    TYMBAL_RETURN_IF_ERROR(ParseErrors(root["errors"], &profile));
    TYMBAL_RETURN_IF_ERROR(ParseTimeField(root["time_field"], &profile));
    TYMBAL_RETURN_IF_ERROR(ParseSlotRead(root["slot_read"], &profile));
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
    const std::pair<const char*, std::vector<FieldPath>*> targets[] = {
        {"app", &profile->app},           {"service", &profile->service},
        {"method", &profile->method},     {"start", &profile->start},
        {"duration", &profile->duration}, {"trace_id", &profile->trace_id},
        {"span_id", &profile->span_id},   {"kind", &profile->kind},
        {"slot", &profile->slot},         {"weight", &profile->weight}};
    std::set<std::string> known;
    for (const auto& [key, target] : targets) known.insert(key);
    TYMBAL_RETURN_IF_ERROR(CheckKeys(fields, "fields", known));
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

  /// A field is a path, a list of paths, or {path: …} with what else there is to say.
  Status ParseField(const std::string& key, const YAML::Node& node, Profile* profile,
                    std::vector<FieldPath>* paths) const {
    YAML::Node path_node = node;
    NameForm form = NameForm::kText;
    if (node.IsMap()) {
      std::set<std::string> known = {"path", "unit"};
      if (key == "app" || key == "service" || key == "method") known.insert("decode");
      if (key == "slot") known.insert({"function", "count"});
      TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "fields." + key, known));
      if (!node["path"]) return Error("fields." + key + ".path", "is missing");
      path_node.reset(node["path"]);
      if (node["unit"]) TYMBAL_RETURN_IF_ERROR(ParseUnit(key, node["unit"], profile));
      if (node["decode"]) {
        TYMBAL_RETURN_IF_ERROR(
            ParseWord("fields." + key + ".decode", node["decode"], kForms, &form));
      }
      if (key == "slot") TYMBAL_RETURN_IF_ERROR(ParseSlot(node, profile));
    }
    if (!path_node.IsSequence()) return AddPath(key, path_node, form, paths);
    for (const YAML::Node& path : path_node) {
      TYMBAL_RETURN_IF_ERROR(AddPath(key, path, form, paths));
    }
    return Status::Ok();
  }

  Status ParseUnit(const std::string& key, const YAML::Node& node, Profile* profile) const {
    const auto text = node.as<std::string>();
    const std::optional<TimeUnit> unit = Find(kUnits, text);
    if (!unit || (key != "start" && key != "duration") ||
        (key == "duration" && *unit == TimeUnit::kIso)) {
      return Error("fields." + key + ".unit",
                   "'" + text +
                       "' is no unit here; start takes s, ms, us, ns or iso, duration takes s, "
                       "ms, us or ns");
    }
    (key == "start" ? profile->start_unit : profile->duration_unit) = *unit;
    return Status::Ok();
  }

  Status ParseSlot(const YAML::Node& node, Profile* profile) const {
    if (node["function"]) {
      TYMBAL_RETURN_IF_ERROR(ParseWord("fields.slot.function", node["function"], kSlotFunctions,
                                       &profile->slot_function));
    }
    if (profile->slot_function == SlotFunction::kCicada) profile->slot_count = kCicadaSlots;
    if (!node["count"]) return Status::Ok();
    if (profile->slot_function == SlotFunction::kTymbal) {
      return Error("fields.slot.count", "belongs to other functions; tymbal's is the job's");
    }
    if (!YAML::convert<uint32_t>::decode(node["count"], profile->slot_count) ||
        profile->slot_count == 0 || profile->slot_count > INT32_MAX) {
      return Error("fields.slot.count", "must be a number from 1 to 2147483647");
    }
    return Status::Ok();
  }

  template <typename T, size_t N>
  Status ParseWord(std::string_view key, const YAML::Node& node, const Words<T, N>& words,
                   T* value) const {
    const auto text = node.IsScalar() ? node.as<std::string>() : std::string();
    const std::optional<T> found = Find(words, text);
    if (!found) return Error(key, "must be " + Listed(words));
    *value = *found;
    return Status::Ok();
  }

  Status AddPath(const std::string& key, const YAML::Node& node, NameForm form,
                 std::vector<FieldPath>* paths) const {
    if (!node.IsScalar()) return Error("fields." + key, "must be a path or a list of paths");
    paths->push_back({node.as<std::string>(), form});
    const auto parts = ParsePath(paths->back());
    return parts ? Status::Ok() : Error("fields." + key, parts.error().message());
  }

  /// Reads the field that search servers filter by. Left out, it is the start's, where that is one
  /// field: of several, a filter by one of them would miss documents.
  Status ParseTimeField(const YAML::Node& node, Profile* profile) const {
    if (!node) {
      TYMBAL_ASSIGN_OR_RETURN(const PathParts start, ParsePath(profile->start.front()));
      if (profile->start.size() > 1 || start.selector) return Status::Ok();
      profile->time_field = start.Dotted();
      profile->time_unit = profile->start_unit;
      return Status::Ok();
    }
    TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "time_field", {"path", "unit"}));
    profile->time_field = node["path"].as<std::string>("");
    const auto parts = ParsePath({profile->time_field});
    if (!parts || parts->selector) {
      return Error("time_field.path", "must be a field that is in no list");
    }
    if (!node["unit"]) return Status::Ok();
    return ParseWord("time_field.unit", node["unit"], kIndexUnits, &profile->time_unit);
  }

  Status ParseSlotRead(const YAML::Node& node, Profile* profile) const {
    if (node) TYMBAL_RETURN_IF_ERROR(ParseWord("slot_read", node, kSlotReads, &profile->slot_read));
    if (profile->slot_read == SlotRead::kField && profile->slot.empty()) {
      return Error("slot_read", "'field' needs fields.slot");
    }
    return Status::Ok();
  }

  Status ParseOnly(const YAML::Node& conditions, Profile* profile) const {
    if (!conditions) return Status::Ok();
    if (!conditions.IsSequence()) return Error("only", "must be a list of conditions");
    for (const YAML::Node& node : conditions) {
      TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "a condition of only", {"path", "equals"}));
      Condition condition;
      condition.path.text = node["path"].as<std::string>("");
      if (condition.path.text.empty()) return Error("only", "a condition has no path");
      if (const auto parts = ParsePath(condition.path); !parts) {
        return Error("only", parts.error().message());
      }
      condition.values = node["equals"].as<std::vector<std::string>>(std::vector<std::string>());
      if (condition.values.empty()) {
        return Error("only", "a condition needs a list of values in 'equals'");
      }
      profile->only.push_back(std::move(condition));
    }
    return Status::Ok();
  }

  Status ParseErrors(const YAML::Node& rules, Profile* profile) const {
    if (!rules) return Status::Ok();
    if (!rules.IsSequence()) return Error("errors", "must be a list of rules");
    for (const YAML::Node& node : rules) {
      TYMBAL_RETURN_IF_ERROR(CheckKeys(node, "a rule of errors", {"path", "when", "values"}));
      ErrorRule rule;
      rule.path.text = node["path"].as<std::string>("");
      if (rule.path.text.empty()) return Error("errors", "a rule has no path");
      if (const auto parts = ParsePath(rule.path); !parts) {
        return Error("errors", parts.error().message());
      }
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
