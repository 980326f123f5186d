#include "worker/slice_counter.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "common/text.h"
#include "search/count_answer.h"

namespace tymbal::worker {
namespace {

namespace dom = simdjson::dom;

/// Where the server has to be asked stretch by stretch, this many are asked for at once.
constexpr int64_t kFiltersMax = 200;

Status CheckSum(const std::vector<Slice>& slices, uint64_t total, const search::TimeField& time) {
  uint64_t sum = 0;
  for (const Slice& slice : slices) sum += slice.count;
  if (sum == total) return Status::Ok();
  return BadInput(
      fmt::format("{} records have {} times in the field {}: some have several, and none can say "
                  "which counts",
                  total, sum, time.name));
}

/// Aggregations, each with a comma before it: how many values a column has, and how many records
/// have none there. (One record without and one with two have two values as well.)
std::string ValueCounts(const std::vector<std::string>& columns) {
  std::string aggregations;
  for (size_t i = 0; i < columns.size(); ++i) {
    aggregations += fmt::format(R"(,"values{0}":{{"value_count":{{"field":{1}}}}},)"
                                R"("lacking{0}":{{"missing":{{"field":{1}}}}})",
                                i, JsonQuote(columns[i]));
  }
  return aggregations;
}

bool HasSingleValues(dom::element answer, size_t columns, uint64_t records) {
  for (size_t i = 0; i < columns; ++i) {
    uint64_t values = 0;
    uint64_t lacking = 0;
    if (answer.at_pointer(fmt::format("/aggregations/values{}/value", i)).get(values) !=
            simdjson::SUCCESS ||
        answer.at_pointer(fmt::format("/aggregations/lacking{}/doc_count", i)).get(lacking) !=
            simdjson::SUCCESS ||
        values != records || lacking > 0) {
      return false;
    }
  }
  return true;
}

Status BadCounts() { return Unavailable("the answer has no counts of the period's stretches"); }

}  // namespace

std::string QueryMember(const search::TimeField& time, const Period& range,
                        const std::string& clauses) {
  return fmt::format(R"("query":{{"bool":{{"filter":[{}{}]}}}})", time.RangeClause(range), clauses);
}

Result<std::vector<Slice>> SliceCounter::Count(size_t part, const std::string& clauses,
                                               const Period& range,
                                               const std::vector<std::string>& columns) {
  const std::string query = QueryMember(*time_, range, clauses);
  has_single_values_ = false;
  int64_t interval_ms = CountingInterval(range, time_->StepMs());
  if (time_->HasExactHistogram()) return CountByHistogram(part, query, range, interval_ms, columns);
  interval_ms =
      std::max(interval_ms, (range.end_ms - range.start_ms + kFiltersMax - 1) / kFiltersMax);
  return CountByFilters(part, query, range, interval_ms);
}

Result<std::vector<Slice>> SliceCounter::CountByHistogram(size_t part, const std::string& query,
                                                          const Period& range, int64_t interval_ms,
                                                          const std::vector<std::string>& columns) {
  const std::string members =
      fmt::format(R"("size":0,"track_total_hits":true,{},"aggs":{{"slices":{{{}}}{}}})", query,
                  time_->HistogramClause(range.start_ms, interval_ms, view_->version().IsSince7()),
                  ValueCounts(columns));
  std::vector<Slice> slices;
  const auto read = [&](const search::HttpBody& body) -> Status {
    slices.clear();
    TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                            search::CountAnswer::Parse(body, view_));
    dom::array buckets;
    if (answer.root().at_pointer("/aggregations/slices/buckets").get(buckets) !=
        simdjson::SUCCESS) {
      return BadCounts();
    }
    for (const dom::element bucket : buckets) {
      double key = 0;
      uint64_t count = 0;
      if (bucket["key"].get(key) != simdjson::SUCCESS ||
          bucket["doc_count"].get(count) != simdjson::SUCCESS) {
        return BadCounts();
      }
      if (count == 0) continue;
      const int64_t start_ms = time_->BucketStartMs(key);
      slices.push_back(
          {part,
           {std::max(start_ms, range.start_ms), std::min(start_ms + interval_ms, range.end_ms)},
           count});
    }
    has_single_values_ =
        !columns.empty() && HasSingleValues(answer.root(), columns.size(), answer.total());
    return CheckSum(slices, answer.total(), *time_);
  };
  TYMBAL_RETURN_IF_ERROR(client_->Do(view_->Search(members, 0), read));
  return slices;
}

Result<std::vector<Slice>> SliceCounter::CountByFilters(size_t part, const std::string& query,
                                                        const Period& range, int64_t interval_ms) {
  std::vector<Slice> stretches;
  std::string filters;
  for (int64_t start_ms = range.start_ms; start_ms < range.end_ms; start_ms += interval_ms) {
    const Period stretch{start_ms, std::min(start_ms + interval_ms, range.end_ms)};
    stretches.push_back({part, stretch, 0});
    filters += (filters.empty() ? "" : ",") + time_->RangeClause(stretch);
  }
  const std::string members = fmt::format(
      R"("size":0,"track_total_hits":true,{},"aggs":{{"slices":{{"filters":{{"filters":[{}]}}}}}})",
      query, filters);
  std::vector<Slice> slices;
  const auto read = [&](const search::HttpBody& body) -> Status {
    slices.clear();
    TYMBAL_ASSIGN_OR_RETURN(const search::CountAnswer answer,
                            search::CountAnswer::Parse(body, view_));
    dom::array buckets;
    if (answer.root().at_pointer("/aggregations/slices/buckets").get(buckets) !=
            simdjson::SUCCESS ||
        buckets.size() != stretches.size()) {
      return BadCounts();
    }
    size_t next = 0;
    for (const dom::element bucket : buckets) {
      Slice slice = stretches[next++];
      if (bucket["doc_count"].get(slice.count) != simdjson::SUCCESS) return BadCounts();
      if (slice.count > 0) slices.push_back(slice);
    }
    return CheckSum(slices, answer.total(), *time_);
  };
  TYMBAL_RETURN_IF_ERROR(client_->Do(view_->Search(members, 0), read));
  return slices;
}

}  // namespace tymbal::worker
