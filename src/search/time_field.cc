#include "search/time_field.h"

#include <fmt/format.h>

#include <cmath>

#include "common/text.h"

namespace tymbal::search {
namespace {

/// Returns an epoch time in the field's own unit, exactly.
std::string InUnit(TimeField::Kind kind, int64_t time_ms) {
  switch (kind) {
    case TimeField::Kind::kDate:
    case TimeField::Kind::kMillis:
      return fmt::to_string(time_ms);
    case TimeField::Kind::kSeconds:
      // Starts are after 1970 (kStartMinMs), so there is no sign to take care of.
      return time_ms % 1000 == 0 ? fmt::to_string(time_ms / 1000)
                                 : fmt::format("{}.{:03}", time_ms / 1000, time_ms % 1000);
    case TimeField::Kind::kMicros:
      return fmt::to_string(time_ms * 1'000);
    case TimeField::Kind::kNanos:
      return fmt::to_string(time_ms * 1'000'000);
  }
  return {};
}

std::string Join(const std::set<std::string>& types) {
  std::string text;
  for (const std::string& type : types) text += (text.empty() ? "" : " and ") + type;
  return text;
}

}  // namespace

std::string TimeField::RangeClause(const Period& range) const {
  const char* const format = kind == Kind::kDate ? R"(,"format":"epoch_millis")" : "";
  return fmt::format(R"({{"range":{{{}:{{"gte":{},"lt":{}{}}}}}}})", JsonQuote(name),
                     InUnit(kind, range.start_ms), InUnit(kind, range.end_ms), format);
}

std::string TimeField::HistogramClause(int64_t from_ms, int64_t interval_ms, bool since_7) const {
  const int64_t offset_ms = from_ms % interval_ms;
  if (kind == Kind::kDate) {
    return fmt::format(
        R"("date_histogram":{{"field":{},"{}":"{}ms","offset":"{}ms","min_doc_count":1}})",
        JsonQuote(name), since_7 ? "fixed_interval" : "interval", interval_ms, offset_ms);
  }
  return fmt::format(R"("histogram":{{"field":{},"interval":{},"offset":{},"min_doc_count":1}})",
                     JsonQuote(name), InUnit(kind, interval_ms), InUnit(kind, offset_ms));
}

int64_t TimeField::BucketStartMs(double key) const {
  switch (kind) {
    case Kind::kDate:
    case Kind::kMillis:
      return std::llround(key);
    case Kind::kSeconds:
      return std::llround(key * 1000);
    case Kind::kMicros:
      return std::llround(key / 1000);
    case Kind::kNanos:
      return std::llround(key / 1'000'000);
  }
  return 0;
}

Result<TimeField> FindTimeField(const IndexSet& indices, const std::string& name,
                                TimeField::Kind number) {
  const std::string shown = Printable(name);
  const IndexField* const field = indices.Find(name);
  if (field == nullptr) {
    return BadInput(
        fmt::format("no index has the field {} in its mapping, so no period can be found; is the "
                    "profile right?",
                    shown));
  }
  if (!field->IsDate() && !field->IsNumber()) {
    return BadInput(fmt::format(
        "the time field {} is mapped as {}; map it as date (a template for new indices, "
        "a reindex for old ones)",
        shown, Join(field->types)));
  }
  if (!field->indexed || !field->doc_values) {
    return BadInput(fmt::format("the time field {} is not {}; it must be to find a period", shown,
                                field->indexed ? "in doc values" : "indexed"));
  }
  if (field->IsDate()) return TimeField{name, TimeField::Kind::kDate};
  return TimeField{name, number};
}

}  // namespace tymbal::search
