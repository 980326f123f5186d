#include "cli/run_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "report/number_format.h"

namespace tymbal::cli {
namespace {

constexpr std::chrono::seconds kPlainInterval{10};
constexpr size_t kBarWidth = 24;

std::string Bar(double share) {
  const auto full = static_cast<size_t>(share * static_cast<double>(kBarWidth));
  return "[" + std::string(full, '#') + std::string(kBarWidth - full, '.') + "]";
}

std::string Minutes(double seconds) {
  const int64_t whole = std::llround(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

void RunProgress::Show(uint64_t records, uint64_t bytes, Time now) {
  if (!terminal_) {
    if (now - last_line_ < kPlainInterval) return;
    last_line_ = now;
  }
  const double seconds = std::max(std::chrono::duration<double>(now - started_).count(), 1e-3);
  std::string text = fmt::format(
      "{} records, {}/s", report::FormatCount(records),
      report::FormatCount(static_cast<uint64_t>(static_cast<double>(records) / seconds)));
  if (total_bytes_ && *total_bytes_ > 0) {
    const double share =
        std::min(1.0, static_cast<double>(bytes) / static_cast<double>(*total_bytes_));
    text = fmt::format("{} {:3.0f} %  {}", Bar(share), 100 * share, text);
    if (share > 0.01) text += ", " + Minutes(seconds / share - seconds) + " left";
  }
  if (terminal_) {
    *out_ << "\r\x1b[K" << text << std::flush;
    drawn_ = true;
  } else {
    *out_ << text << std::endl;
  }
}

void RunProgress::Clear() {
  if (drawn_) *out_ << "\r\x1b[K" << std::flush;
  drawn_ = false;
}

}  // namespace tymbal::cli
