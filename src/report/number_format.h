#pragma once

#include <cstdint>
#include <string>

#include "common/endpoint_stat.h"

namespace tymbal::report {

/// Numbers as people read them, with a unit and about three digits; rounded half up, in integers.
/// What must be exact belongs into CSV or JSON.

/// "850 µs", "12.3 ms", "1.24 s", "2 m 05 s", "3 h 07 m", "2 d 05 h".
std::string FormatDurationUs(uint64_t duration_us);

/// "1,234,567".
std::string FormatExact(uint64_t count);

/// Exact below 10,000 ("9,999"), above "12.3 k", "123 k", "1.2 M" and so on to G, T, P, E.
std::string FormatCount(uint64_t count);

/// part / whole as "0.25 %", "12.5 %"; "0 %" and "100 %" only when it is that, so "<0.01 %" and
/// "99.9 %" at the edges; "-" when `whole` is 0.
std::string FormatShare(uint64_t part, uint64_t whole);

/// "0.97"; "-" without calls.
std::string FormatApdex(const EndpointStat& stat);

/// (satisfied + tolerating / 2) / calls, in [0, 1]; 0 without calls.
double Apdex(const EndpointStat& stat);
/// errors / calls, in [0, 1]; 0 without calls.
double ErrorRate(const EndpointStat& stat);
/// duration_sum_us / calls; 0 without calls.
double MeanUs(const EndpointStat& stat);

}  // namespace tymbal::report
