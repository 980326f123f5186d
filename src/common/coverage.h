#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tymbal {

/// Why a record of the source doesn't count. The names are stored and shown: see RejectReasonName.
enum class RejectReason : uint8_t {
  kMalformed,        ///< Not one JSON object, invalid UTF-8, or an escape that doesn't exist.
  kDuplicateField,   ///< A field that is read stands there twice.
  kWrongType,        ///< A field that is read has another JSON type than the profile says.
  kMissingApp,       ///< No app, or an empty one.
  kMissingMethod,    ///< No method, or an empty one.
  kMissingStart,     ///< No start time.
  kMissingDuration,  ///< No duration.
  kNameTooLong,      ///< A name has more than kNameBytesMax bytes.
  kStartRange,       ///< The start lies outside of the years 2000 to 2099: mostly a wrong unit.
  kDurationNegative,
  kDurationTooLong,   ///< More than kDurationMaxUs.
  kDurationFraction,  ///< Not a whole number of its unit.
  kWrongSlot,         ///< The record carries a slot that isn't the one of its names.
  kRecordTooLong,     ///< The record has more bytes than the reader's limit.
  kWrongEncoding,     ///< A name is not encoded as the profile says.
  kWeightRange,       ///< The weight is negative or absurdly high.
};
inline constexpr size_t kRejectReasons = 16;

/// Returns the stored name of a reason, for instance "missing_duration".
std::string_view RejectReasonName(RejectReason reason);
/// Returns a sentence for people: what is wrong with such a record, and the cure if there is one.
std::string_view RejectReasonText(RejectReason reason);

/// Number of rejected records by reason.
struct RejectCounts {
  std::array<uint64_t, kRejectReasons> by_reason{};

  uint64_t& operator[](RejectReason reason) { return by_reason[static_cast<size_t>(reason)]; }
  uint64_t operator[](RejectReason reason) const { return by_reason[static_cast<size_t>(reason)]; }
  uint64_t Total() const {
    uint64_t total = 0;
    for (const uint64_t count : by_reason) total += count;
    return total;
  }
  void Merge(const RejectCounts& other) {
    for (size_t i = 0; i < kRejectReasons; ++i) by_reason[i] += other.by_reason[i];
  }
  bool operator==(const RejectCounts&) const = default;
};

/// How complete the numbers of a fragment, run or period are. `expected` is what the source
/// promised, `read` what came, rejected records included; both leave out what the profile's filter
/// skips.
struct Coverage {
  uint64_t expected = 0;
  uint64_t read = 0;
  RejectCounts rejected;

  void Merge(const Coverage& other) {
    expected += other.expected;
    read += other.read;
    rejected.Merge(other.rejected);
  }
  bool operator==(const Coverage&) const = default;
};

}  // namespace tymbal
