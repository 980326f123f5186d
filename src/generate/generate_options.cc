#include "generate/generate_options.h"

#include <charconv>
#include <string>

#include "common/span.h"

namespace tymbal::generate {
namespace {

std::string Quoted(std::string_view text) { return std::string(1, '\'').append(text) + '\''; }

Status CheckShare(const char* option, double share) {
  if (share >= 0 && share <= 1) return Status::Ok();  // False for NaN.
  return InvalidArgument(std::string(option) +
                         " is a share; write a number from 0 to 1, for instance 0.01 for 1 %");
}

uint64_t UnitOf(char c) {
  switch (c) {
    case 'k':
    case 'K':
      return 1000;
    case 'M':
      return 1'000'000;
    case 'G':
      return 1'000'000'000;
    default:
      return 0;
  }
}

}  // namespace

Status Validate(const GenerateOptions& options) {
  if (options.spans == 0 || options.spans > kSpansMax) {
    return InvalidArgument("--spans must be from 1 to 1000G");
  }
  if (options.endpoints == 0 || options.endpoints > kEndpointsMax) {
    return InvalidArgument("--endpoints must be from 1 to 1M");
  }
  if (options.apps == 0 || options.apps > options.endpoints) {
    return InvalidArgument("--apps must be from 1 to the number of endpoints, which is " +
                           std::to_string(options.endpoints) +
                           "; lower --apps or raise --endpoints");
  }
  if (options.duration_ms <= 0) {
    return InvalidArgument("--duration must be longer than 0, for instance 1h");
  }
  if (options.from_ms < kStartMinMs || options.from_ms >= kStartEndMs ||
      options.duration_ms > kStartEndMs - options.from_ms) {
    return InvalidArgument(
        "--from and --duration must stay within the years 2000 to 2099: other spans are rejected "
        "where they are read");
  }
  if (!(options.zipf >= 0 && options.zipf <= kZipfMax)) {
    return InvalidArgument("--zipf must be from 0 (all endpoints alike) to 10");
  }
  TYMBAL_RETURN_IF_ERROR(CheckShare("--errors", options.errors));
  return CheckShare("--bad", options.bad);
}

Result<uint64_t> ParseCount(std::string_view text) {
  const std::string error = Quoted(text) +
                            " is no count; write a whole number, with k, M or G if you like, "
                            "for instance 500k or 1_000_000";
  std::string_view digits = text;
  uint64_t unit = 1;
  if (!digits.empty() && UnitOf(digits.back()) != 0) {
    unit = UnitOf(digits.back());
    digits.remove_suffix(1);
  }
  if (digits.empty() || digits.back() == '_') return InvalidArgument(error);
  uint64_t count = 0;
  char before = '_';
  for (const char c : digits) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c != '_' || before == '_')) return InvalidArgument(error);
    before = c;
    if (!digit) continue;
    if (__builtin_mul_overflow(count, uint64_t{10}, &count) ||
        __builtin_add_overflow(count, static_cast<uint64_t>(c - '0'), &count)) {
      return InvalidArgument(error);
    }
  }
  if (__builtin_mul_overflow(count, unit, &count)) return InvalidArgument(error);
  return count;
}

Result<double> ParseNumber(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, code] = std::from_chars(text.data(), end, number);
  if (code != std::errc() || stopped != end) {
    return InvalidArgument(Quoted(text) + " is no number; write for instance 0.05");
  }
  return number;
}

Result<SpanOrder> ParseOrder(std::string_view text) {
  if (text == "time") return SpanOrder::kTime;
  if (text == "random") return SpanOrder::kRandom;
  return InvalidArgument(Quoted(text) + " is no order; write time or random");
}

}  // namespace tymbal::generate
