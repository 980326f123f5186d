#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tymbal::search {

struct RequestGateOptions {
  size_t requests_max = 4;  ///< Under way at a time, of this process.
  uint64_t rate_max = 0;    ///< Spans a second, of all nodes together; 0: no limit.
};

/// Decides how many requests may be under way, and when the next one may go. Fewer when the server
/// says that it is overloaded or takes much longer than it did, slowly more when it doesn't:
/// additive increase, multiplicative decrease, as TCP does. Knows no clock and no thread: a value.
class RequestPacer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  explicit RequestPacer(const RequestGateOptions& options);

  /// Returns how many requests may be under way now, at least 1.
  size_t limit() const { return static_cast<size_t>(limit_); }

  /// Says that `spans` are asked for at `now`; returns how long to wait before, for the rate.
  /// `nodes`: how many share it.
  Duration Reserve(Time now, uint64_t spans, uint32_t nodes);

  /// A request for `spans` ended at `now`. `overloaded`: the server said that it is, or didn't
  /// answer.
  void Ended(Time now, Duration took, uint64_t spans, bool overloaded);

 private:
  void Slower(Time now, double factor);

  const RequestGateOptions options_;
  double limit_;
  Time free_at_{};     // When the rate allows the next request.
  Time slowed_at_{};   // Requests of before say nothing about what came of it.
  double usual_ = 0;   // Seconds per span when all was well; rises slowly. 0: not known.
  double recent_ = 0;  // The same of late, smoothed.
};

}  // namespace tymbal::search
