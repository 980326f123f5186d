#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>

namespace tymbal::cli {

/// Shows how far reading has come: a line that is drawn anew on a terminal, else a plain line every
/// ten seconds. Thread: confined to one.
class RunProgress {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `total_bytes` is nothing where the size isn't known. `started` is when reading began.
  RunProgress(std::ostream* out, bool terminal, std::optional<uint64_t> total_bytes, Time started)
      : out_(out), terminal_(terminal), total_bytes_(total_bytes), started_(started) {}

  void Show(uint64_t records, uint64_t bytes, Time now);
  /// Removes the drawn line.
  void Clear();

 private:
  std::ostream* const out_;
  const bool terminal_;
  const std::optional<uint64_t> total_bytes_;
  const Time started_;
  Time last_line_ = started_;
  bool drawn_ = false;
};

}  // namespace tymbal::cli
