#include "search/index_setup.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "common/period.h"
#include "common/text.h"
#include "search/index_catalog.h"
#include "search/slot_pipeline.h"

namespace tymbal::search {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kPipelineName = "tymbal-slot";
/// What marks a pipeline as ours: it has no place for more.
constexpr std::string_view kPipelineMark = "Tymbal: ";
constexpr int64_t kShardsMax = 1'024;
constexpr int64_t kReplicasMax = 100;
/// Longer names are kept in the document only: a server refuses terms of more than 32,766 bytes.
constexpr int kNameUnitsMax = 8'191;

/// The fields of a native span. Unknown ones stay in the document and are not indexed.
std::string Mappings(bool slots) {
  const std::string name = fmt::format(R"({{"type":"keyword","ignore_above":{}}})", kNameUnitsMax);
  const std::string slot_fields =
      slots ? R"(,"slot":{"type":"integer"},"slot_error":{"type":"keyword","ignore_above":1024})"
            : "";
  return fmt::format(
      R"({{"_meta":{{"made_by":"tymbal"}},"dynamic":false,"properties":{{)"
      R"("app":{0},"service":{0},"method":{0},)"
      R"("start_time":{{"type":"date","format":"epoch_millis||strict_date_optional_time"}},)"
      R"("duration_us":{{"type":"long"}},"error":{{"type":"boolean"}},)"
      R"("trace_id":{{"type":"keyword"}},"span_id":{{"type":"keyword"}},)"
      R"("kind":{{"type":"keyword"}}{1}}}}})",
      name, slot_fields);
}

/// Nested and in texts, as servers show them.
std::string Settings(const IndexSetupOptions& options) {
  return fmt::format(
      R"({{"index":{{"number_of_shards":"{}","number_of_replicas":"{}",)"
      R"("refresh_interval":{}{}}}}})",
      options.shards, options.replicas, JsonQuote(options.refresh),
      options.pipeline ? fmt::format(R"(,"default_pipeline":"{}")", kPipelineName) : "");
}

SetupItem TemplateOf(const IndexSetupOptions& options, const ServerVersion& version) {
  std::string name = options.index.substr(0, options.index.size() - 1);
  while (!name.empty() && (name.back() == '-' || name.back() == '_')) name.pop_back();
  const std::string pattern = JsonQuote(options.index);
  const std::string mappings = Mappings(options.pipeline);
  if (version.engine == Engine::kOpenSearch || version.AtLeast(Engine::kElasticsearch, 7, 8)) {
    return {SetupItem::Kind::kTemplate, name, "/_index_template/" + name,
            fmt::format(R"({{"index_patterns":[{}],"priority":200,"version":1,)"
                        R"("template":{{"settings":{},"mappings":{}}}}})",
                        pattern, Settings(options), mappings)};
  }
  return {SetupItem::Kind::kLegacyTemplate, name, "/_template/" + name,
          fmt::format(R"({{"index_patterns":[{}],"order":200,"version":1,"settings":{},)"
                      R"("mappings":{}}})",
                      pattern, Settings(options),
                      version.IsSince7() ? mappings : fmt::format(R"({{"_doc":{}}})", mappings))};
}

Status CheckOptions(const IndexSetupOptions& options) {
  const std::string& index = options.index;
  const bool named =
      index.size() > 1 && index.find('*') == index.size() - 1 &&
      index.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.*") == std::string::npos &&
      index.find_first_of("-_.") != 0;
  if (!named) {
    return InvalidArgument(
        fmt::format("--index {}: a template is for one pattern such as tymbal-span-*: lower case "
                    "letters, digits, "
                    "'-', '_' and '.', and a '*' at its end",
                    Printable(index)));
  }
  if (options.shards < 1 || options.shards > kShardsMax) {
    return InvalidArgument(fmt::format("--shards: must be from 1 to {}", kShardsMax));
  }
  if (options.replicas < 0 || options.replicas > kReplicasMax) {
    return InvalidArgument(fmt::format("--replicas: must be from 0 to {}", kReplicasMax));
  }
  if (options.refresh == "-1") return Status::Ok();
  const auto refresh = ParseDurationMs(options.refresh);
  if (!refresh) return refresh.error().WithContext("--refresh");
  return Status::Ok();
}

/// Numbers and flags as the texts that servers make of some of them.
std::string ScalarText(dom::element element) {
  std::string_view text;
  return element.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::to_string(element);
}

/// Returns whether all that `wanted` says stands in `have`. Around settings and mappings more may
/// stand: servers add dates and defaults. Within them (`exactly`) not.
bool Holds(dom::element have, dom::element wanted, bool exactly) {
  dom::object members;
  if (wanted.get(members) == simdjson::SUCCESS) {
    dom::object have_members;
    if (have.get(have_members) != simdjson::SUCCESS ||
        (exactly && have_members.size() != members.size())) {
      return false;
    }
    return std::all_of(members.begin(), members.end(), [&](const auto& member) {
      dom::element value;
      return have_members[member.key].get(value) == simdjson::SUCCESS &&
             Holds(value, member.value,
                   exactly || member.key == "settings" || member.key == "mappings");
    });
  }
  dom::array list;
  if (wanted.get(list) != simdjson::SUCCESS) return ScalarText(have) == ScalarText(wanted);
  dom::array have_list;
  if (have.get(have_list) != simdjson::SUCCESS || have_list.size() != list.size()) return false;
  return std::equal(list.begin(), list.end(), have_list.begin(),
                    [exactly](dom::element a, dom::element b) { return Holds(b, a, exactly); });
}

/// Finds the item in the answer to GET of its path. Returns false when it isn't there.
bool FindBody(const SetupItem& item, dom::element answer, dom::element* body) {
  if (item.kind == SetupItem::Kind::kTemplate) {
    return answer.at_pointer("/index_templates/0/index_template").get(*body) == simdjson::SUCCESS;
  }
  return answer[item.name].get(*body) == simdjson::SUCCESS;
}

bool IsOurs(const SetupItem& item, dom::element body) {
  std::string_view text;
  if (item.kind == SetupItem::Kind::kPipeline) {
    return body["description"].get(text) == simdjson::SUCCESS && text.starts_with(kPipelineMark);
  }
  for (const char* place : {"/template/mappings/_meta/made_by", "/mappings/_meta/made_by",
                            "/mappings/_doc/_meta/made_by"}) {
    if (body.at_pointer(place).get(text) == simdjson::SUCCESS) return text == "tymbal";
  }
  return false;
}

Result<SetupState> StateOf(const SetupItem& item, const HttpBody& answer) {
  dom::parser parser;
  dom::parser wanted_parser;
  dom::element root;
  dom::element have;
  dom::element wanted;
  if (parser.parse(answer.text().data(), answer.size).get(root) != simdjson::SUCCESS) {
    return Unavailable("the answer is no JSON");
  }
  if (!FindBody(item, root, &have)) return SetupState::kAbsent;
  if (!IsOurs(item, have)) return SetupState::kForeign;
  TYMBAL_CHECK(wanted_parser.parse(item.body).get(wanted) == simdjson::SUCCESS,
               "what we send is JSON");
  return Holds(have, wanted, /*exactly=*/false) ? SetupState::kSame : SetupState::kDiffers;
}

}  // namespace

std::string SetupItem::Text() const {
  switch (kind) {
    case Kind::kPipeline:
      return "ingest pipeline " + name;
    case Kind::kTemplate:
      return "index template " + name;
    case Kind::kLegacyTemplate:
      return "legacy index template " + name;
  }
  return name;
}

Result<std::vector<SetupItem>> SetupItemsOf(const IndexSetupOptions& options,
                                            const ServerVersion& version) {
  TYMBAL_RETURN_IF_ERROR(CheckOptions(options));
  std::vector<SetupItem> items;
  if (options.pipeline) {
    // Before the template: from then on new indices ask for it.
    items.push_back({SetupItem::Kind::kPipeline, std::string(kPipelineName),
                     fmt::format("/_ingest/pipeline/{}", kPipelineName),
                     std::string(SlotPipelineJson())});
  }
  items.push_back(TemplateOf(options, version));
  return items;
}

Result<std::vector<FoundItem>> FindItems(SearchClient* client, std::vector<SetupItem> items) {
  std::vector<FoundItem> found;
  for (SetupItem& item : items) {
    const Status asked = client->Do({.method = "GET", .target = item.path});
    SetupState state = SetupState::kAbsent;
    if (asked.code() != StatusCode::kNotFound) {
      TYMBAL_RETURN_IF_ERROR(asked);
      TYMBAL_ASSIGN_OR_RETURN(state, StateOf(item, client->body()));
    }
    found.push_back({std::move(item), state});
  }
  return found;
}

Status CheckOurs(const std::vector<FoundItem>& found) {
  for (const FoundItem& one : found) {
    if (one.state != SetupState::kForeign) continue;
    return Conflict(fmt::format(
        "the {} is there, but Tymbal hasn't made it: nothing was changed. Look at GET {} "
        "and remove it, or use another --index",
        one.item.Text(), one.item.path));
  }
  return Status::Ok();
}

Status CheckCanComputeSlots(SearchClient* client) {
  const Status asked = client->Do(
      {.method = "GET", .target = "/_nodes/ingest?filter_path=nodes.*.ingest.processors.type"});
  // Who may not ask for nodes may still make pipelines; the server refuses what it can't run.
  if (asked.code() == StatusCode::kInvalidArgument) return Status::Ok();
  TYMBAL_RETURN_IF_ERROR(asked.WithContext("asking for the processors of pipelines"));
  if (client->body().text().find(R"("script")") != std::string_view::npos) return Status::Ok();
  return BadInput(
      "no node of the cluster has the script processor of ingest pipelines, so slots can't be "
      "computed there. Use --no-pipeline: nodes then find their spans by the names of endpoints");
}

Status Make(SearchClient* client, const SetupItem& item) {
  return client->Do({.method = "PUT", .target = item.path, .body = item.body})
      .WithContext("making the " + item.Text());
}

Status Remove(SearchClient* client, const SetupItem& item) {
  const Status removed = client->Do({.method = "DELETE", .target = item.path});
  if (removed.ok() || removed.code() == StatusCode::kNotFound) return Status::Ok();
  return removed.WithContext("removing the " + item.Text());
}

Result<std::vector<std::string>> IndicesWithPipeline(SearchClient* client,
                                                     const SetupItem& pipeline) {
  TYMBAL_RETURN_IF_ERROR(
      client->Do({.method = "GET",
                  .target = "/_all/_settings/index.default_pipeline,index.final_pipeline"
                            "?flat_settings=true&expand_wildcards=all&allow_no_indices=true"}));
  dom::parser parser;
  dom::object indices;
  if (parser.parse(client->body().text().data(), client->body().size).get(indices) !=
      simdjson::SUCCESS) {
    return Unavailable("the settings are no object");
  }
  std::vector<std::string> names;
  for (const auto index : indices) {
    for (const char* key : {"index.default_pipeline", "index.final_pipeline"}) {
      std::string_view name;
      if (index.value["settings"][key].get(name) != simdjson::SUCCESS) continue;
      if (name == pipeline.name) names.emplace_back(index.key);
    }
  }
  return names;
}

}  // namespace tymbal::search
