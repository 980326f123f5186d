#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "worker/read_forecast.h"

namespace tymbal::cli {

/// "1 index", "1,234 indices".
std::string Counted(uint64_t count, std::string_view one, std::string_view many);

/// "812 B", "4.1 MiB".
std::string FormatBytes(uint64_t bytes);

/// "0.7 s", "2 m 05 s": an estimate needs no more digits.
std::string FormatEstimate(double seconds);

/// A forecast as a JSON object.
std::string ForecastJson(const worker::ReadForecast& forecast);

}  // namespace tymbal::cli
