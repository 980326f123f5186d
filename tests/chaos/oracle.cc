#include "chaos/oracle.h"

#include <fmt/format.h>

#include <algorithm>

#include "chaos/chance.h"

namespace tymbal::chaos {
namespace {

constexpr const char* kApp = "chaos";

EndpointStat MakeStat(Chance& chance) {
  EndpointStat stat;
  stat.calls = static_cast<uint64_t>(chance.Between(1, 100'000));
  stat.errors = stat.calls / 7;
  stat.satisfied = stat.calls / 2;
  stat.tolerating = stat.calls / 5;
  stat.min_us = static_cast<uint64_t>(chance.Between(1, 1'000));
  stat.max_us = stat.min_us + static_cast<uint64_t>(chance.Between(0, 1'000'000));
  stat.percentile_us.fill(stat.max_us);
  stat.percentile_us[0] = stat.min_us;
  stat.duration_sum_us = stat.calls * (stat.min_us + stat.max_us) / 2;
  stat.duration_sumsq = static_cast<double>(stat.duration_sum_us) * 0.5;
  return stat;
}

}  // namespace

std::vector<StatRow> Oracle::Rows(int32_t fragment_no, const std::string& mark) const {
  std::vector<StatRow> rows;
  Chance chance(static_cast<uint64_t>(period.start_ms) + static_cast<uint64_t>(attempt),
                static_cast<uint64_t>(fragment_no));
  for (int32_t i = 0; i < kRowsPerFragment; ++i) {
    StatRow& row = rows.emplace_back();
    row.name = {kApp, fmt::format("service-{}", fragment_no), fmt::format("method-{}", i)};
    row.endpoint_id = EndpointId(Level::kMethod, row.name);
    row.stat = MakeStat(chance);
    row.stat.histogram = mark;
    for (int32_t slow = 0; slow < kSlowCalls; ++slow) {
      const auto rank = static_cast<uint64_t>(slow);
      row.slowest.push_back({.duration_us = row.stat.max_us - std::min(rank, row.stat.max_us),
                             .start_ms = period.start_ms,
                             .error = false,
                             .trace_id = "trace",
                             .span_id = "span"});
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  return rows;
}

EndpointStat Oracle::Sum() const {
  EndpointStat sum;
  for (int32_t no = 0; no < fragments; ++no) {
    for (const StatRow& row : Rows(no, "")) {
      sum.calls += row.stat.calls;
      sum.errors += row.stat.errors;
      sum.duration_sum_us += row.stat.duration_sum_us;
    }
  }
  return sum;
}

StatRow AppRow(const EndpointStat& sum) {
  StatRow row;
  row.level = Level::kApp;
  row.name = {kApp, "", ""};
  row.endpoint_id = EndpointId(row.level, row.name);
  row.stat.calls = sum.calls;
  row.stat.errors = sum.errors;
  row.stat.duration_sum_us = sum.duration_sum_us;
  return row;
}

}  // namespace tymbal::chaos
