#include "common/coverage.h"

#include <array>

namespace tymbal {
namespace {

struct Description {
  std::string_view name;
  std::string_view text;
};

/// In the order of RejectReason.
constexpr std::array<Description, kRejectReasons> kDescriptions = {{
    {"malformed", "not a JSON object in valid UTF-8"},
    {"duplicate_field", "a field stands there twice"},
    {"wrong_type", "a field has another JSON type than the profile says"},
    {"missing_app", "the app is missing or empty"},
    {"missing_method", "the method is missing or empty"},
    {"missing_start", "the start time is missing"},
    {"missing_duration", "the duration is missing"},
    {"name_too_long", "a name has more than 4096 bytes"},
    {"start_out_of_range", "the start lies outside of the years 2000 to 2099; is its unit right?"},
    {"duration_negative", "the duration is negative"},
    {"duration_too_long", "the duration is longer than 366 days; is its unit right?"},
    {"duration_fraction", "the duration is not a whole number of its unit"},
    {"wrong_slot", "the slot is not the one of the names; the index pipeline computes another one"},
    {"record_too_long", "the record is longer than the reader's limit"},
    {"wrong_encoding", "a name is not encoded as the profile's 'decode' says"},
    {"weight_out_of_range", "the weight is below 0 or above a million; is it the right field?"},
}};

}  // namespace

std::string_view RejectReasonName(RejectReason reason) {
  return kDescriptions[static_cast<size_t>(reason)].name;
}

std::string_view RejectReasonText(RejectReason reason) {
  return kDescriptions[static_cast<size_t>(reason)].text;
}

}  // namespace tymbal
