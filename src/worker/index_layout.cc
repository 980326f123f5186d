#include "worker/index_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/text.h"
#include "worker/index_columns.h"

namespace tymbal::worker {
namespace {

using search::IndexField;
using search::IndexSet;

search::TimeField::Kind KindOf(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kSeconds:
      return search::TimeField::Kind::kSeconds;
    case TimeUnit::kMicros:
      return search::TimeField::Kind::kMicros;
    case TimeUnit::kNanos:
      return search::TimeField::Kind::kNanos;
    case TimeUnit::kMillis:
    case TimeUnit::kIso:
      break;
  }
  return search::TimeField::Kind::kMillis;
}

bool EverywhereIndexed(const IndexSet& indices, const std::string& name) {
  const IndexField* const field = indices.Find(name);
  return field != nullptr && field->indexed && field->indices == indices.open.size();
}

/// Finds the column of a name. Errors: kNotFound with the reason.
Result<ColumnField> NameColumn(const IndexSet& indices, const std::vector<FieldPath>& paths) {
  if (paths.size() != 1) {
    return NotFound(fmt::format("{} and {} stand for one name", paths[0].text, paths[1].text));
  }
  const FieldPath& path = paths.front();
  if (path.form != NameForm::kText && path.form != NameForm::kInteger) {
    return NotFound(path.text + " holds encoded names");
  }
  const bool text = path.form == NameForm::kText;
  const auto column = ColumnOf(indices, path, text);
  if (!column || (!text && !indices.Find(*column)->IsNumber())) {
    return NotFound(WhyNoColumn(indices, path.text));
  }
  const IndexField& field = *indices.Find(*column);
  return ColumnField{*column, path,
                     field.ignore_above != INT64_MAX || field.indices != indices.open.size()};
}

Status AddNames(const Profile& profile, const IndexSet& indices, IndexLayout* layout) {
  TYMBAL_ASSIGN_OR_RETURN(layout->app, NameColumn(indices, profile.app));
  TYMBAL_ASSIGN_OR_RETURN(layout->method, NameColumn(indices, profile.method));
  if (!profile.service.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(layout->service, NameColumn(indices, profile.service));
  }
  return Status::Ok();
}

/// A field whose values the server compares as the decoder does, in every index: otherwise asking
/// it could lose documents that count.
bool CanFilter(const IndexSet& indices, const FieldPath& path) {
  if (!IsPlain(path) || !EverywhereIndexed(indices, path.text)) return false;
  const IndexField& field = *indices.Find(path.text);
  return !field.normalized &&
         (field.IsKeyword() || field.types == std::set<std::string>{"boolean"});
}

void AddFilters(const Profile& profile, const IndexSet& indices,
                const search::ServerVersion& version, IndexLayout* layout) {
  for (const Condition& condition : profile.only) {
    if (!CanFilter(indices, condition.path)) {
      layout->unfiltered = condition.path.text;
      continue;
    }
    std::string values;
    for (const std::string& value : condition.values) {
      values += (values.empty() ? "" : ",") + JsonQuote(value);
    }
    layout->clauses.push_back(
        fmt::format(R"({{"terms":{{{}:[{}]}}}})", JsonQuote(condition.path.text), values));
  }
  if (!profile.entry_only) return;
  const bool ignores_case = version.AtLeast(search::Engine::kElasticsearch, 7, 10) ||
                            version.engine == search::Engine::kOpenSearch;
  if (profile.kind.size() != 1 || !ignores_case || !CanFilter(indices, profile.kind.front())) {
    layout->unfiltered = profile.kind.front().text;
    return;
  }
  std::string kinds;
  for (const std::string& kind : profile.entry_kinds) {
    kinds += fmt::format(R"({}{{"term":{{{}:{{"value":{},"case_insensitive":true}}}}}})",
                         kinds.empty() ? "" : ",", JsonQuote(profile.kind.front().text),
                         JsonQuote(kind));
  }
  layout->clauses.push_back(
      fmt::format(R"({{"bool":{{"should":[{}],"minimum_should_match":1}}}})", kinds));
}

}  // namespace

std::string IndexLayout::JoinedClauses() const {
  std::string joined;
  for (const std::string& clause : clauses) joined += "," + clause;
  return joined;
}

std::vector<std::string> FieldsOf(const Profile& profile) {
  std::vector<std::string> fields = {profile.time_field};
  const auto add = [&fields](const FieldPath& path) {
    if (!IsPlain(path)) return;
    fields.push_back(path.text);
    fields.push_back(path.text + std::string(kKeywordSuffix));
  };
  for (const auto* paths :
       {&profile.app, &profile.service, &profile.method, &profile.start, &profile.duration,
        &profile.trace_id, &profile.span_id, &profile.kind, &profile.weight, &profile.slot}) {
    std::for_each(paths->begin(), paths->end(), add);
  }
  for (const ErrorRule& rule : profile.errors) add(rule.path);
  for (const Condition& condition : profile.only) add(condition.path);
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  return fields;
}

Result<IndexLayout> DescribeIndex(const Profile& profile, const IndexSet& indices,
                                  const search::ServerVersion& version) {
  if (profile.time_field.empty()) {
    return InvalidArgument(
        fmt::format("the profile {} names no time_field, by which a search server finds a period",
                    profile.name));
  }
  IndexLayout layout;
  TYMBAL_ASSIGN_OR_RETURN(
      layout.time, search::FindTimeField(indices, profile.time_field, KindOf(profile.time_unit)));
  if (profile.slot.size() == 1 && IsPlain(profile.slot.front())) {
    const std::string& name = profile.slot.front().text;
    const IndexField* const field = indices.Find(name);
    if (field != nullptr && field->IsNumber() && field->indexed) layout.slot_field = name;
  }
  const Status names = AddNames(profile, indices, &layout);
  if (!names.ok()) layout.no_groups = names.message();
  AddFilters(profile, indices, version, &layout);
  return layout;
}

}  // namespace tymbal::worker
