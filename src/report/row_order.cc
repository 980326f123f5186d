#include "report/row_order.h"

#include <algorithm>
#include <tuple>

#include "common/uint128.h"

namespace tymbal::report {
namespace {

/// What a key compares, as a fraction, so that rates and means compare exactly.
struct Fraction {
  uint64_t numerator;
  uint64_t denominator;
};

Fraction NumberOf(SortKey key, const EndpointStat& stat) {
  const auto percentile = [&stat](size_t i) { return Fraction{stat.percentile_us[i], 1}; };
  switch (key) {
    case SortKey::kTime:
    case SortKey::kName:
      return {0, 1};
    case SortKey::kCalls:
      return {stat.calls, 1};
    case SortKey::kErrors:
      return {stat.errors, 1};
    case SortKey::kErrorRate:
      return {stat.errors, std::max<uint64_t>(stat.calls, 1)};
    case SortKey::kSum:
      return {stat.duration_sum_us, 1};
    case SortKey::kMean:
      return {stat.duration_sum_us, std::max<uint64_t>(stat.calls, 1)};
    case SortKey::kMax:
      return {stat.max_us, 1};
    case SortKey::kP50:
      return percentile(0);
    case SortKey::kP75:
      return percentile(1);
    case SortKey::kP90:
      return percentile(2);
    case SortKey::kP95:
      return percentile(3);
    case SortKey::kP99:
      return percentile(4);
    case SortKey::kP999:
      return percentile(5);
  }
  return {0, 1};
}

bool Greater(Fraction a, Fraction b) {
  return static_cast<Uint128>(a.numerator) * b.denominator >
         static_cast<Uint128>(b.numerator) * a.denominator;
}

}  // namespace

void SortRows(SortKey key, std::vector<StatReportRow>* rows) {
  std::sort(rows->begin(), rows->end(), [key](const StatReportRow& a, const StatReportRow& b) {
    if (key == SortKey::kTime) {
      return std::tie(a.period, a.row.name) < std::tie(b.period, b.row.name);
    }
    const Fraction of_a = NumberOf(key, a.row.stat);
    const Fraction of_b = NumberOf(key, b.row.stat);
    if (Greater(of_a, of_b)) return true;
    if (Greater(of_b, of_a)) return false;
    return std::tie(a.row.name, a.period) < std::tie(b.row.name, b.period);
  });
}

}  // namespace tymbal::report
