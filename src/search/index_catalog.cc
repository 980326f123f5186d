#include "search/index_catalog.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "common/text.h"
#include "common/time_text.h"

namespace tymbal::search {
namespace {

namespace dom = simdjson::dom;

constexpr int64_t kDayMs = 86'400'000;
/// Servers take 4096 bytes for the first line of a request.
constexpr size_t kPathBytesMax = 2'500;

Status Parse(const HttpBody& body, dom::parser* parser, dom::element* root) {
  if (parser->parse(body.text().data(), body.size).get(*root) == simdjson::SUCCESS) {
    return Status::Ok();
  }
  return Unavailable("the answer is no JSON");
}

Status NoIndex(const std::string& pattern) {
  return NotFound(fmt::format(
      "no index matches '{}'; look at GET _cat/indices, or name it with source.elasticsearch.index",
      Printable(pattern)));
}

void SortUnique(std::vector<std::string>* names) {
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
}

/// Empty where there is no such list.
std::vector<dom::element> ListOf(dom::element element, std::string_view key) {
  dom::array list;
  if (element[key].get(list) != simdjson::SUCCESS) return {};
  return {list.begin(), list.end()};
}

std::string_view TextOf(simdjson::simdjson_result<dom::element> element) {
  std::string_view text;
  return element.get(text) == simdjson::SUCCESS ? text : std::string_view();
}
std::string_view TextOf(dom::element element, std::string_view key) { return TextOf(element[key]); }
std::string_view TextOf(dom::element element) {
  std::string_view text;
  return element.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

/// One GET _resolve/index, which needs no more rights than view_index_metadata. Of the indices
/// behind aliases and data streams it doesn't say whether they are open: their names go to
/// `unknown`.
Status ResolveOnce(SearchClient* client, const std::string& pattern, IndexSet* set,
                   std::vector<std::string>* unknown) {
  dom::parser parser;
  dom::element root;
  TYMBAL_RETURN_IF_ERROR(client->Do(
      {.method = "GET",
       .target = "/_resolve/index/" + EscapePath(pattern) + "?expand_wildcards=open,closed,hidden"},
      [&](const HttpBody& body) { return Parse(body, &parser, &root); }));
  for (const dom::element index : ListOf(root, "indices")) {
    bool closed = false;
    for (const dom::element attribute : ListOf(index, "attributes")) {
      closed |= TextOf(attribute) == "closed";
    }
    (closed ? set->closed : set->open).emplace_back(TextOf(index, "name"));
  }
  for (const dom::element alias : ListOf(root, "aliases")) {
    for (const dom::element name : ListOf(alias, "indices")) unknown->emplace_back(TextOf(name));
  }
  for (const dom::element stream : ListOf(root, "data_streams")) {
    for (const dom::element name : ListOf(stream, "backing_indices")) {
      unknown->emplace_back(TextOf(name));
    }
  }
  return Status::Ok();
}

Status Resolve(SearchClient* client, const std::string& pattern, IndexSet* set) {
  std::vector<std::string> unknown;
  TYMBAL_RETURN_IF_ERROR(ResolveOnce(client, pattern, set, &unknown));
  SortUnique(&unknown);
  std::string names;
  std::vector<std::string> none;
  for (size_t i = 0; i < unknown.size(); ++i) {
    names += (names.empty() ? "" : ",") + unknown[i];
    if (names.size() < kPathBytesMax && i + 1 < unknown.size()) continue;
    TYMBAL_RETURN_IF_ERROR(ResolveOnce(client, names, set, &none));
    names.clear();
  }
  return Status::Ok();
}

Status ListByCat(SearchClient* client, const std::string& pattern, IndexSet* set) {
  dom::parser parser;
  dom::element root;
  TYMBAL_RETURN_IF_ERROR(
      client->Do({.method = "GET",
                  .target = "/_cat/indices/" + EscapePath(pattern) + "?format=json&h=index,status"},
                 [&](const HttpBody& body) { return Parse(body, &parser, &root); }));
  dom::array list;
  if (root.get(list) != simdjson::SUCCESS) return Unavailable("the list of indices is no list");
  for (const dom::element index : list) {
    const bool closed = TextOf(index, "status") == "close";
    (closed ? set->closed : set->open).emplace_back(TextOf(index, "index"));
  }
  return Status::Ok();
}

void AddField(std::string_view name, dom::object mapping, IndexSet* set) {
  dom::object leaf;
  bool has_leaf = false;
  for (const auto member : mapping) {
    has_leaf = member.value.get(leaf) == simdjson::SUCCESS;
    if (has_leaf) break;
  }
  if (!has_leaf) return;  // Such as _id: a field of the server's own.
  std::string_view type;
  if (leaf["type"].get(type) != simdjson::SUCCESS) return;  // An object, not a field.
  IndexField& field = set->fields[std::string(name)];
  field.types.emplace(type);
  ++field.indices;
  bool flag = true;
  // A text has none.
  if (leaf["doc_values"].get(flag) != simdjson::SUCCESS) flag = type != "text";
  field.doc_values &= flag;
  if (leaf["index"].get(flag) != simdjson::SUCCESS) flag = true;
  field.indexed &= flag;
  std::string_view normalizer;
  field.normalized |= leaf["normalizer"].get(normalizer) == simdjson::SUCCESS;
  int64_t limit = 0;
  if (leaf["ignore_above"].get(limit) == simdjson::SUCCESS) {
    field.ignore_above = std::min(field.ignore_above, limit);
  }
}

/// {index: {mappings: {field: {full_name, mapping: {leaf: {type, …}}}}}}, with a type's name around
/// the fields on Elasticsearch 6.
void AddMappings(dom::object mappings, int depth, IndexSet* set) {
  for (const auto member : mappings) {
    dom::object inner;
    if (member.value.get(inner) != simdjson::SUCCESS) continue;
    std::string_view full_name;
    dom::object mapping;
    if (inner["full_name"].get(full_name) == simdjson::SUCCESS &&
        inner["mapping"].get(mapping) == simdjson::SUCCESS) {
      AddField(full_name, mapping, set);
    } else if (depth == 0) {
      AddMappings(inner, 1, set);
    }
  }
}

Status ReadFields(SearchClient* client, const ServerVersion& version, const std::string& pattern,
                  const std::vector<std::string>& fields, IndexSet* set) {
  if (fields.empty()) return Status::Ok();
  std::string names;
  for (const std::string& field : fields) names += (names.empty() ? "" : ",") + field;
  dom::parser parser;
  dom::element root;
  TYMBAL_RETURN_IF_ERROR(client->Do(
      {.method = "GET",
       .target = fmt::format("/{}/_mapping/field/{}?allow_no_indices=true&expand_wildcards={}",
                             EscapePath(pattern), EscapePath(names), version.OpenIndices())},
      [&](const HttpBody& body) { return Parse(body, &parser, &root); }));
  dom::object indices;
  if (root.get(indices) != simdjson::SUCCESS) return Unavailable("the mappings are no object");
  for (const auto index : indices) {
    dom::object mappings;
    if (index.value["mappings"].get(mappings) == simdjson::SUCCESS) AddMappings(mappings, 0, set);
  }
  return Status::Ok();
}

int64_t NumberOf(dom::object settings, std::string_view key) {
  const std::string_view text = TextOf(settings[key]);
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Status ReadSettings(SearchClient* client, const ServerVersion& version, const std::string& pattern,
                    IndexSet* set) {
  dom::parser parser;
  dom::element root;
  TYMBAL_RETURN_IF_ERROR(client->Do(
      {.method = "GET",
       .target = fmt::format("/{}/_settings/index.max_result_window,"
                             "index.number_of_shards?flat_settings=true&expand_wildcards={}",
                             EscapePath(pattern), version.OpenIndices())},
      [&](const HttpBody& body) { return Parse(body, &parser, &root); }));
  dom::object indices;
  if (root.get(indices) != simdjson::SUCCESS) return Unavailable("the settings are no object");
  for (const auto index : indices) {
    dom::object settings;
    if (!std::binary_search(set->open.begin(), set->open.end(), index.key) ||
        index.value["settings"].get(settings) != simdjson::SUCCESS) {
      continue;
    }
    set->shards += NumberOf(settings, "index.number_of_shards");
    const int64_t window = NumberOf(settings, "index.max_result_window");
    if (window > 0) set->result_window = std::min(set->result_window, window);
  }
  return Status::Ok();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// Reads YYYY, MM and DD, with or without separators, at `position`.
std::optional<Period> DayAt(std::string_view name, size_t position) {
  std::string digits;
  size_t i = position;
  while (i < name.size() && digits.size() < 8) {
    if (IsDigit(name[i])) {
      digits += name[i];
    } else if ((name[i] == '-' || name[i] == '.' || name[i] == '_') &&
               (digits.size() == 4 || digits.size() == 6)) {
      // A separator between year, month and day.
    } else {
      return std::nullopt;
    }
    ++i;
  }
  if (digits.size() != 8 || (i < name.size() && IsDigit(name[i]) && i == position + 8)) {
    return std::nullopt;
  }
  const auto start =
      ParseTimeMs(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2));
  if (!start) return std::nullopt;
  return Period{*start, *start + kDayMs};
}

}  // namespace

bool IndexField::IsNumber() const {
  static const std::set<std::string> kNumbers = {"long",         "integer",       "short",
                                                 "byte",         "float",         "double",
                                                 "scaled_float", "unsigned_long", "half_float"};
  return !types.empty() &&
         std::includes(kNumbers.begin(), kNumbers.end(), types.begin(), types.end());
}

Result<IndexSet> ReadIndexSet(SearchClient* client, const ServerVersion& version,
                              const std::string& pattern, const std::vector<std::string>& fields) {
  IndexSet set;
  const Status listed =
      version.HasResolveIndex() ? Resolve(client, pattern, &set) : ListByCat(client, pattern, &set);
  if (listed.code() == StatusCode::kNotFound) return NoIndex(pattern);
  TYMBAL_RETURN_IF_ERROR(listed.WithContext("listing the indices"));
  SortUnique(&set.open);
  SortUnique(&set.closed);
  if (set.open.empty() && set.closed.empty()) return NoIndex(pattern);
  if (set.open.empty()) return set;
  TYMBAL_RETURN_IF_ERROR(
      ReadFields(client, version, pattern, fields, &set).WithContext("reading the mappings"));
  TYMBAL_RETURN_IF_ERROR(
      ReadSettings(client, version, pattern, &set).WithContext("reading the settings"));
  return set;
}

std::optional<Period> DayOfIndexName(std::string_view name) {
  // The last date counts: a prefix may hold digits as well.
  for (size_t position = name.size(); position-- > 0;) {
    if (!IsDigit(name[position]) || (position > 0 && IsDigit(name[position - 1]))) continue;
    if (const auto day = DayAt(name, position)) return day;
  }
  return std::nullopt;
}

bool MayHold(std::string_view index_name, const Period& range) {
  const auto day = DayOfIndexName(index_name);
  return !day || (range.start_ms < day->end_ms + kDayMs && range.end_ms > day->start_ms - kDayMs);
}

std::string EscapePath(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~*,").find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += fmt::format("%{:02X}", byte);
    }
  }
  return escaped;
}

}  // namespace tymbal::search
