#include "worker/read_way.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace tymbal::worker {
namespace {

/// Per record: whole documents, 8 columns, 6 columns; per id that is looked up. Measured with
/// Elasticsearch 8.17 and OpenSearch 3.8 on two processors, spans of 250 bytes, four requests under
/// way.
constexpr double kSourceUs = 5.5;
constexpr double kAdjacentSourceUs = 2;  // Page after page in the stored order (PageChains).
constexpr double kColumnsUs = 4.9;
constexpr double kColumnsWithoutIdsUs = 3;
constexpr double kLookupUs = 80;
/// Smaller answers are mostly the fixed cost of a request.
constexpr uint64_t kTellingRecords = 1'000;
/// Of a slice that is read to try a way.
constexpr uint64_t kTriedRecords = 2'500;
constexpr double kSmoothing = 0.3;

}  // namespace

std::string_view ReadWayName(ReadWay way) {
  switch (way) {
    case ReadWay::kSource:
      return "source";
    case ReadWay::kColumns:
      return "values";
    case ReadWay::kColumnsThenIds:
      return "values_then_ids";
  }
  return "";
}

double MeasuredUs(ReadWay way, bool adjacent) {
  switch (way) {
    case ReadWay::kSource:
      return adjacent ? kAdjacentSourceUs : kSourceUs;
    case ReadWay::kColumns:
      return kColumnsUs;
    case ReadWay::kColumnsThenIds:
      return kColumnsWithoutIdsUs;
  }
  return kSourceUs;
}

ReadWayChooser::ReadWayChooser(std::vector<ReadWay> allowed, uint64_t records, uint64_t lookups)
    : allowed_(std::move(allowed)),
      records_(records),
      lookup_us_per_record_(kLookupUs * static_cast<double>(lookups) /
                            static_cast<double>(std::max<uint64_t>(1, records))),
      costs_{{{kSourceUs}, {kColumnsUs}, {kColumnsWithoutIdsUs}}} {
  TYMBAL_CHECK(!allowed_.empty(), "there must be a way to read");
}

ReadWay ReadWayChooser::Next() {
  for (const ReadWay way : allowed_) {
    if (!IsToTry(way)) continue;
    costs_[static_cast<size_t>(way)].tried = true;
    return way;
  }
  return *std::min_element(allowed_.begin(), allowed_.end(),
                           [this](ReadWay a, ReadWay b) { return Total(a) < Total(b); });
}

uint64_t ReadWayChooser::RecordsOfNext(uint64_t page_records) const {
  const bool tries =
      allowed_.size() > 1 &&
      std::any_of(allowed_.begin(), allowed_.end(), [this](ReadWay way) { return IsToTry(way); });
  return tries ? std::min(kTriedRecords, page_records) : page_records;
}

void ReadWayChooser::Learn(ReadWay way, uint64_t records, double seconds) {
  if (records < kTellingRecords) return;
  Cost& cost = costs_[static_cast<size_t>(way)];
  const double us = seconds * 1e6 / static_cast<double>(records);
  cost.us_per_record =
      cost.learned ? cost.us_per_record + kSmoothing * (us - cost.us_per_record) : us;
  cost.learned = true;
}

double ReadWayChooser::Total(ReadWay way) const {
  const double us = costs_[static_cast<size_t>(way)].us_per_record;
  return way == ReadWay::kColumnsThenIds ? us + lookup_us_per_record_ : us;
}

}  // namespace tymbal::worker
