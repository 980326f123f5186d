#include "worker/column_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/text.h"
#include "worker/index_columns.h"

namespace tymbal::worker {
namespace {

using search::IndexField;
using search::IndexSet;

/// What a column must be to say the same as the document.
enum class Need : uint8_t { kText, kWholeNumber, kNumber, kTime, kFlag, kAny };

bool IsWhole(const IndexField& field) {
  static const std::set<std::string> kWhole = {"long", "integer", "short", "byte", "unsigned_long"};
  return std::includes(kWhole.begin(), kWhole.end(), field.types.begin(), field.types.end());
}

bool IsLong(const IndexField& field) {
  static const std::set<std::string> kLong = {"long", "integer", "short", "byte"};
  return std::includes(kLong.begin(), kLong.end(), field.types.begin(), field.types.end());
}

bool IsMillis(const IndexField& field) { return field.types == std::set<std::string>{"date"}; }

bool IsFlag(const IndexField& field) { return field.types == std::set<std::string>{"boolean"}; }

bool Suits(const IndexField& field, Need need) {
  switch (need) {
    case Need::kText:
      return field.IsKeyword();
    case Need::kWholeNumber:
      return IsWhole(field);
    case Need::kNumber:
      // Other numbers with a fraction are not kept as they were written.
      return IsWhole(field) || field.types == std::set<std::string>{"double"};
    case Need::kTime:
      return IsWhole(field) || field.IsDate();
    case Need::kFlag:
      return IsFlag(field);
    case Need::kAny:
      return field.IsKeyword() || IsWhole(field) || IsFlag(field);
  }
  return false;
}

/// Collects the columns of a profile; the first problem ends it.
class Builder {
 public:
  Builder(const Profile& profile, const IndexSet& indices) : indices_(indices) {
    layout_.profile = profile;
  }

  Result<ColumnLayout> Build() {
    Profile& profile = layout_.profile;
    profile.slot.clear();  // Whose spans they are is looked at anyway.
    for (auto* names : {&profile.app, &profile.service, &profile.method}) TakeNames(names);
    TakeStart(&profile);
    Take(&profile.duration, Need::kNumber);
    Take(&profile.weight, Need::kNumber);
    if (profile.entry_only) {
      Take(&profile.kind, Need::kText);
    } else {
      profile.kind.clear();
    }
    for (Condition& condition : profile.only) TakeOne(&condition.path, Need::kAny);
    for (ErrorRule& rule : profile.errors) TakeRule(&rule);
    layout_.fields_without_ids = FieldsJson();
    TakeSortable();
    Take(&profile.trace_id, Need::kText);
    Take(&profile.span_id, Need::kText);
    layout_.fields = FieldsJson();
    if (!problem_.empty()) return NotFound(problem_);
    return std::move(layout_);
  }

 private:
  /// Replaces a path by its column. Returns the column's field; nullptr: there is none.
  const IndexField* TakeOne(FieldPath* path, Need need) {
    const std::optional<std::string> column = ColumnOf(indices_, *path, need == Need::kText);
    const IndexField* const field = column ? indices_.Find(*column) : nullptr;
    if (field == nullptr || !Suits(*field, need)) return Fail(WhyNoColumn(indices_, path->text));
    // Where an index doesn't know the field, its documents may have it all the same.
    if (field->indices != indices_.open.size()) {
      return Fail(fmt::format("{} is not in the mapping of every index", path->text));
    }
    path->text = *column;
    columns_.emplace(*column, field->IsDate());
    return field;
  }

  void Take(std::vector<FieldPath>* paths, Need need) {
    for (FieldPath& path : *paths) TakeOne(&path, need);
  }

  void TakeNames(std::vector<FieldPath>* paths) {
    for (FieldPath& path : *paths) {
      if (path.form != NameForm::kText && path.form != NameForm::kInteger) {
        Fail(path.text + " holds encoded names");
        return;
      }
      const Need need = path.form == NameForm::kText ? Need::kText : Need::kWholeNumber;
      const IndexField* const field = TakeOne(&path, need);
      if (field != nullptr && field->ignore_above != INT64_MAX) {
        layout_.doubtful.push_back(path.text);
      }
    }
  }

  void TakeStart(Profile* profile) {
    size_t dates = 0;
    for (FieldPath& path : profile->start) {
      const IndexField* const field = TakeOne(&path, Need::kTime);
      dates += field != nullptr && field->IsDate() ? 1 : 0;
    }
    if (dates == profile->start.size()) {
      profile->start_unit = TimeUnit::kIso;
    } else if (dates > 0) {
      Fail("some starts are dates, others numbers");
    }
  }

  void TakeRule(ErrorRule* rule) {
    const Need need = rule->kind == ErrorRule::Kind::kBoolean ? Need::kFlag : Need::kAny;
    const std::string path = rule->path.text;
    const IndexField* const field = TakeOne(&rule->path, need);
    if (field != nullptr && rule->kind == ErrorRule::Kind::kPresent &&
        field->ignore_above != INT64_MAX) {
      Fail(fmt::format("{} lacks long texts, and its presence counts", path));
    }
  }

  const IndexField* Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
    return nullptr;
  }

  /// Sort values are texts, whole numbers, ms of a date, and 1 or 0 for true or false.
  void TakeSortable() {
    const Profile& profile = layout_.profile;
    if (!problem_.empty() || profile.start.size() != 1) return;
    const std::string& start = profile.start.front().text;
    std::vector<std::string> sortable = {start};
    for (const auto& [name, is_date] : columns_) {
      const IndexField& field = *indices_.Find(name);
      const bool suits = field.IsKeyword() || IsLong(field) || IsMillis(field) ||
                         (IsFlag(field) && IsErrorFlag(name));
      if (!suits) return;
      if (name != start) sortable.push_back(name);
    }
    layout_.sortable = std::move(sortable);
  }

  /// Whether only rules that expect true or false look at it.
  bool IsErrorFlag(const std::string& name) const {
    const Profile& profile = layout_.profile;
    return std::all_of(profile.errors.begin(), profile.errors.end(),
                       [&name](const ErrorRule& rule) {
                         return rule.path.text != name || rule.kind == ErrorRule::Kind::kBoolean;
                       }) &&
           std::none_of(
               profile.only.begin(), profile.only.end(),
               [&name](const Condition& condition) { return condition.path.text == name; });
  }

  std::string FieldsJson() const {
    std::string json;
    for (const auto& [name, is_date] : columns_) {
      json += fmt::format(R"({}{{"field":{}{}}})", json.empty() ? "" : ",", JsonQuote(name),
                          is_date ? R"(,"format":"epoch_millis")" : "");
    }
    return "[" + json + "]";
  }

  const IndexSet& indices_;
  ColumnLayout layout_;
  std::map<std::string, bool> columns_;  // Whether it is a date.
  std::string problem_;
};

}  // namespace

std::string ColumnLayout::SortMember() const {
  std::string columns;
  for (const std::string& name : sortable)
    columns += (columns.empty() ? "" : ",") + JsonQuote(name);
  return columns.empty() ? "" : fmt::format(R"("sort":[{}])", columns);
}

Result<ColumnLayout> DescribeColumns(const Profile& profile, const IndexSet& indices) {
  return Builder(profile, indices).Build();
}

}  // namespace tymbal::worker
