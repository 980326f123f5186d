#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "common/endpoint.h"
#include "common/histogram.h"
#include "common/slot.h"
#include "worker/call_weight.h"
#include "worker/decoder.h"
#include "worker/profile.h"
#include "worker/shipped_profiles.h"

namespace {

using tymbal::worker::Decoder;

std::vector<std::unique_ptr<Decoder>> MakeDecoders() {
  std::vector<std::unique_ptr<Decoder>> decoders;
  for (const auto& shipped : tymbal::worker::ShippedProfiles()) {
    for (const bool entry_only : {false, true}) {
      auto profile = *tymbal::worker::LoadProfile(std::string(shipped.name));
      profile.entry_only = entry_only;
      decoders.push_back(*Decoder::Create(profile, tymbal::kSlotsDefault));
    }
  }
  return decoders;
}

/// What the rest of the program relies on.
void Check(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

/// Any bytes end in a span that keeps its promises, or in a rejection: nothing crashes, and no sum
/// or bucket can overflow later.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const decoders =
      std::make_unique<std::vector<std::unique_ptr<Decoder>>>(MakeDecoders()).release();
  // The exact size and its padding, so that the sanitizer sees every byte too far.
  std::vector<char> padded(size + tymbal::worker::kRecordPadding, ' ');
  std::copy_n(data, size, padded.begin());
  for (const auto& decoder : *decoders) {
    tymbal::Arena texts;
    tymbal::Span span;
    Decoder::Rejection rejection;
    if (decoder->Decode({padded.data(), size}, &texts, &span, &rejection) !=
        Decoder::Outcome::kSpan) {
      continue;
    }
    Check(!span.app.empty() && span.app.size() <= tymbal::kNameBytesMax);
    Check(span.service.size() <= tymbal::kNameBytesMax);
    Check(!span.method.empty() && span.method.size() <= tymbal::kNameBytesMax);
    Check(span.trace_id.size() <= tymbal::kIdBytesMax &&
          span.span_id.size() <= tymbal::kIdBytesMax);
    Check(span.start_ms >= tymbal::kStartMinMs && span.start_ms < tymbal::kStartEndMs);
    Check(span.duration_us <= tymbal::kDurationMaxUs && span.weight >= 1 &&
          span.weight <= tymbal::worker::kCallWeightMax);
    Check(tymbal::SlotOf(span.app, span.service, span.method, 1024) < 1024);
    Check(tymbal::Histogram::BucketOf(span.duration_us) < tymbal::Histogram::kBuckets);
  }
  return 0;
}
