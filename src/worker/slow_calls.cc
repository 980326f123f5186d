#include "worker/slow_calls.h"

#include <algorithm>
#include <utility>

#include "common/check.h"

namespace tymbal::worker {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

bool IsPackable(std::string_view id) {
  return id.size() % 2 == 0 && id.find_first_not_of(kDigits) == std::string_view::npos;
}

unsigned DigitValue(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); }

/// Writes two digits into each byte of `out` and returns where it ends.
char* Pack(std::string_view digits, char* out) {
  for (size_t i = 0; i < digits.size(); i += 2) {
    *out++ = static_cast<char>(DigitValue(digits[i]) << 4 | DigitValue(digits[i + 1]));
  }
  return out;
}

std::string Unpack(const char* bytes, size_t digits) {
  std::string id;
  for (size_t i = 0; i < digits / 2; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    id.push_back(kDigits[byte >> 4]);
    id.push_back(kDigits[byte & 0xF]);
  }
  return id;
}

}  // namespace

PackedIds::PackedIds(std::string_view trace_id, std::string_view span_id) {
  TYMBAL_CHECK(trace_id.size() <= kIdBytesMax && span_id.size() <= kIdBytesMax, "ids are cut");
  const size_t digits = trace_id.size() + span_id.size();
  if (digits <= 2 * hex_.size() && IsPackable(trace_id) && IsPackable(span_id)) {
    Pack(span_id, Pack(trace_id, hex_.data()));
    trace_digits_ = static_cast<uint8_t>(trace_id.size());
    span_digits_ = static_cast<uint8_t>(span_id.size());
  } else {
    texts_ = std::make_unique<Texts>(Texts{std::string(trace_id), std::string(span_id)});
  }
}

std::string PackedIds::trace_id() const {
  return texts_ ? texts_->trace_id : Unpack(hex_.data(), trace_digits_);
}

std::string PackedIds::span_id() const {
  return texts_ ? texts_->span_id : Unpack(hex_.data() + trace_digits_ / 2, span_digits_);
}

size_t PackedIds::heap_bytes() const {
  return texts_ ? sizeof(Texts) + texts_->trace_id.capacity() + texts_->span_id.capacity() : 0;
}

SlowCall SlowCalls::Call::Unpack() const {
  return {duration_us, start_ms_and_error >> 1, (start_ms_and_error & 1) != 0, ids.trace_id(),
          ids.span_id()};
}

bool SlowCalls::CallSlower(const Call& a, const Call& b) {
  if (a.duration_us != b.duration_us) return a.duration_us > b.duration_us;
  if (a.start_ms_and_error >> 1 != b.start_ms_and_error >> 1) {
    return a.start_ms_and_error < b.start_ms_and_error;
  }
  return Slower(a.Unpack(), b.Unpack());
}

size_t SlowCalls::Offer(const Span& span, size_t limit) {
  // A start lies within kStartMinMs and kStartEndMs, so doubling it doesn't overflow.
  return Insert({span.duration_us, 2 * span.start_ms + (span.error ? 1 : 0),
                 PackedIds(span.trace_id, span.span_id)},
                limit);
}

size_t SlowCalls::Insert(Call call, size_t limit) {
  const size_t capacity = heap_.capacity();
  size_t grown = 0;
  if (heap_.size() < limit) {
    if (heap_.size() == capacity) heap_.reserve(std::min(limit, std::max<size_t>(1, 2 * capacity)));
    grown = (heap_.capacity() - capacity) * sizeof(Call) + call.ids.heap_bytes();
    heap_.push_back(std::move(call));
  } else {
    if (!CallSlower(call, heap_.front())) return 0;
    std::pop_heap(heap_.begin(), heap_.end(), CallSlower);
    grown = call.ids.heap_bytes();
    heap_.back() = std::move(call);
  }
  std::push_heap(heap_.begin(), heap_.end(), CallSlower);
  return grown;
}

size_t SlowCalls::Merge(SlowCalls&& other, size_t limit) {
  size_t grown = 0;
  for (Call& call : other.heap_) grown += Insert(std::move(call), limit);
  other.heap_.clear();
  return grown;
}

std::vector<SlowCall> SlowCalls::Sorted() const {
  std::vector<SlowCall> calls;
  calls.reserve(heap_.size());
  for (const Call& call : heap_) calls.push_back(call.Unpack());
  std::sort(calls.begin(), calls.end(), Slower);
  return calls;
}

}  // namespace tymbal::worker
