#include "worker/slow_calls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/check.h"
#include "common/histogram.h"

namespace tymbal::worker {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> MakeDigitValues() {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (size_t i = 0; i < kDigits.size(); ++i) {
    values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr std::array<uint8_t, 256> kDigitValues = MakeDigitValues();

/// Writes two digits into each byte of `out`; returns where it ends, or nullptr if `id` isn't made
/// of pairs of digits.
char* Pack(std::string_view id, char* out) {
  if (id.size() % 2 != 0) return nullptr;
  uint8_t all = 0;
  for (size_t i = 0; i < id.size(); i += 2) {
    const uint8_t high = kDigitValues[static_cast<uint8_t>(id[i])];
    const uint8_t low = kDigitValues[static_cast<uint8_t>(id[i + 1])];
    all |= high | low;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return all == kNoDigit ? nullptr : out;
}

void UnpackDigits(const char* bytes, size_t digits, std::string* id) {
  id->resize(digits);
  for (size_t i = 0; i < digits / 2; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    (*id)[2 * i] = kDigits[byte >> 4];
    (*id)[2 * i + 1] = kDigits[byte & 0xF];
  }
}

}  // namespace

SlowCalls::Call::Call(const Span& span)
    : duration_us_(span.duration_us & 0xFFFF'FFFF'FFFF),
      trace_digits_(0),
      span_digits_(0),
      start_ms_(static_cast<uint64_t>(span.start_ms) & (~uint64_t{0} >> 1)),
      error_(span.error ? 1 : 0) {
  static_assert(kDurationMaxUs <= 0xFFFF'FFFF'FFFF);
  TYMBAL_CHECK(span.duration_us <= kDurationMaxUs && span.trace_id.size() <= kIdBytesMax &&
                   span.span_id.size() <= kIdBytesMax,
               "spans are checked where they are read");
  const bool fits = span.trace_id.size() + span.span_id.size() <= 2 * hex_.size();
  char* const trace_end = fits ? Pack(span.trace_id, hex_.data()) : nullptr;
  if (trace_end != nullptr && Pack(span.span_id, trace_end) != nullptr) {
    trace_digits_ = span.trace_id.size() & 0xFF;
    span_digits_ = span.span_id.size() & 0xFF;
  } else {
    texts_ = std::make_unique<Texts>(Texts{std::string(span.trace_id), std::string(span.span_id)});
  }
}

SlowCall SlowCalls::Call::Unpack() const {
  SlowCall call;
  Unpack(&call);
  return call;
}

void SlowCalls::Call::Unpack(SlowCall* call) const {
  call->duration_us = duration_us_;
  call->start_ms = start_ms();
  call->error = error_ != 0;
  if (texts_) {
    call->trace_id = texts_->trace_id;
    call->span_id = texts_->span_id;
  } else {
    UnpackDigits(hex_.data(), trace_digits_, &call->trace_id);
    UnpackDigits(hex_.data() + trace_digits_ / 2, span_digits_, &call->span_id);
  }
}

size_t SlowCalls::Call::heap_bytes() const {
  return texts_ ? sizeof(Texts) + texts_->trace_id.capacity() + texts_->span_id.capacity() : 0;
}

bool SlowCalls::IsSlowerOfSameDuration(const Call& a, const Call& b) {
  if (a.start_ms() != b.start_ms()) return a.start_ms() < b.start_ms();
  return Slower(a.Unpack(), b.Unpack());
}

size_t SlowCalls::Offer(const Span& span, size_t limit) { return Insert(Call(span), limit); }

size_t SlowCalls::Insert(Call call, size_t limit) {
  const size_t capacity = heap_.capacity();
  size_t grown = 0;
  if (heap_.size() < limit) {
    if (heap_.size() == capacity) heap_.reserve(std::min(limit, std::max<size_t>(1, 2 * capacity)));
    grown = (heap_.capacity() - capacity) * sizeof(Call) + call.heap_bytes();
    heap_.push_back(std::move(call));
  } else {
    if (!CallSlower()(call, heap_.front())) return 0;
    std::pop_heap(heap_.begin(), heap_.end(), CallSlower());
    grown = call.heap_bytes();
    heap_.back() = std::move(call);
  }
  std::push_heap(heap_.begin(), heap_.end(), CallSlower());
  return grown;
}

size_t SlowCalls::Merge(SlowCalls&& other, size_t limit) {
  size_t grown = 0;
  for (Call& call : other.heap_) grown += Insert(std::move(call), limit);
  other.heap_.clear();
  return grown;
}

void SlowCalls::Replace(const std::vector<SlowCall>& calls) {
  heap_.clear();
  for (const SlowCall& call : calls) {
    Span span;
    span.duration_us = call.duration_us;
    span.start_ms = call.start_ms;
    span.error = call.error;
    span.trace_id = call.trace_id;
    span.span_id = call.span_id;
    heap_.emplace_back(span);
  }
  std::make_heap(heap_.begin(), heap_.end(), CallSlower());
}

std::vector<SlowCall> SlowCalls::Sorted() const {
  std::vector<SlowCall> calls;
  Sorted(&calls);
  return calls;
}

void SlowCalls::Sorted(std::vector<SlowCall>* calls) const {
  // Sorted before they are unpacked: that moves pointers, not texts.
  std::vector<const Call*> sorted;
  sorted.reserve(heap_.size());
  for (const Call& call : heap_) sorted.push_back(&call);
  std::sort(sorted.begin(), sorted.end(),
            [](const Call* a, const Call* b) { return CallSlower()(*a, *b); });
  calls->resize(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) sorted[i]->Unpack(&(*calls)[i]);
}

}  // namespace tymbal::worker
