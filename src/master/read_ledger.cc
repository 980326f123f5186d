#include "master/read_ledger.h"

#include <cstddef>
#include <utility>

namespace tymbal::master {
namespace {

/// Periods that are read at a time.
constexpr size_t kLedgerPage = 1000;

}  // namespace

int64_t FirstWholePeriod(const PeriodGrid& grid, int64_t first_ms) {
  return grid.StartOf(first_ms + grid.length_ms() - 1);
}

Result<std::vector<PeriodLedger>> ReadWholeLedger(ResultStore* store, int64_t from_ms) {
  std::vector<PeriodLedger> ledger;
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(std::vector<PeriodLedger> page,
                            store->ReadLedger(from_ms, kLedgerPage));
    ledger.insert(ledger.end(), page.begin(), page.end());
    if (page.size() < kLedgerPage) return ledger;
    from_ms = page.back().period.end_ms;
  }
}

Result<std::optional<std::vector<PeriodLedger>>> ReadLedgerAfter(ResultStore* store,
                                                                 const PeriodGrid& grid,
                                                                 int64_t cursor_ms) {
  const int64_t last_ms = cursor_ms - grid.length_ms();
  TYMBAL_ASSIGN_OR_RETURN(std::vector<PeriodLedger> ledger, ReadWholeLedger(store, last_ms));
  const bool there = !ledger.empty() && ledger.front().period.start_ms == last_ms &&
                     ledger.front().state == RunState::kPublished;
  if (!there) {
    TYMBAL_ASSIGN_OR_RETURN(const std::optional<int64_t> first_ms, store->ReadFirstPeriod());
    if (!first_ms || *first_ms <= last_ms) return std::optional<std::vector<PeriodLedger>>();
  }
  return std::optional(std::move(ledger));
}

}  // namespace tymbal::master
