#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "generate/endpoint_names.h"
#include "generate/fixed_point.h"
#include "generate/generate_options.h"
#include "generate/popularity.h"
#include "generate/random.h"

namespace tymbal::generate {

/// In which way a record is broken on purpose. There is one for each RejectReason that a line can
/// have by itself; docs/generate.md shows them.
enum class Defect : uint8_t {
  kNone,
  kTruncated,  ///< Malformed: the line ends in an open string.
  kInvalidUtf8,
  kDuplicateField,
  kWrongType,  ///< The duration is a string.
  kEmptyApp,
  kMissingMethod,
  kMissingStart,
  kMissingDuration,
  kNameTooLong,
  kStartInSeconds,
  kNegativeDuration,
  kDurationTooLong,
  kFractionalDuration,
  kWrongSlot,
};
inline constexpr uint32_t kDefects = 14;  ///< Without kNone.

/// One span, without its names: MakeEndpoint(endpoint, apps) has them.
struct GeneratedSpan {
  int64_t start_ms;
  uint64_t duration_us;  ///< > 0
  uint64_t trace_id_high;
  uint64_t trace_id_low;
  uint64_t span_id;
  uint32_t endpoint;
  SpanKind kind;
  Defect defect;
  bool error;
};

/// Invents the spans of a system, batch after batch; the encoders (NDJSON now) make documents of
/// them. Nothing here knows a format, a file or a clock.
///
/// How equal options give equal bytes on every machine: the random numbers are our own, all maths
/// is on integers (fixed_point.h), nothing is iterated in an order that a library chooses. The only
/// floating point is the multiplication of an option by a power of two, which is exact. The golden
/// test fails when a change here gives other spans for the same options.
/// Thread: confined to one.
class SpanGenerator {
 public:
  /// REQUIRES: Validate(options).ok().
  explicit SpanGenerator(const GenerateOptions& options);

  /// Fills the front of `batch` with the next spans. Returns their number: 0 at the end.
  size_t Fill(std::span<GeneratedSpan> batch);

 private:
  /// What an endpoint's spans have in common.
  struct Profile {
    uint64_t median_log2_q32;  ///< Of the duration in µs.
    uint64_t error_rate_q40;
    uint32_t spread_q16;  ///< In octaves for a unit of the noise (see DurationUs).
    uint32_t timeout_us;  ///< How long a call takes that fails by time-out.
    SpanKind kind;
    bool mostly_times_out;  ///< Else most failures are fast.
  };
  struct Trace {
    uint64_t id_high;
    uint64_t id_low;
    int64_t start_ms;
  };

  SpanGenerator(const GenerateOptions& options, const std::vector<uint64_t>& weights);
  void MakeProfiles(const std::vector<uint64_t>& weights);
  GeneratedSpan Next();
  uint64_t DurationUs(const Profile& profile, bool error, uint32_t bits);
  int64_t NextStartMs();
  const Trace& NextTrace(int64_t start_ms, uint32_t bits);
  Defect NextDefect();

  GenerateOptions options_;
  Random random_;
  Random defect_random_;  // Its own, so that the other spans don't change when some are broken.
  Exp2Table exp2_;
  std::vector<Profile> profiles_;
  AliasTable popularity_;
  std::array<Trace, 16> traces_{};  // Those that are under way.
  uint64_t bad_q40_;
  uint64_t made_ = 0;
  uint64_t offset_ms_ = 0;         // made_ * duration / spans, rounded down …
  uint64_t offset_remainder_ = 0;  // … and what that cuts off, in 1/spans of a millisecond.
};

}  // namespace tymbal::generate
