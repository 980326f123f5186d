#include "worker/slow_calls.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/check.h"
#include "common/histogram.h"
#include "common/load_word.h"

namespace tymbal::worker {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kDigitsOfNumber = 16;

/// Returns the number that eight lower-case hex digits are, the first one lowest in the word;
/// nothing: some of them aren't.
std::optional<uint32_t> EightHexDigits(uint64_t digits) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  const uint64_t letters = digits >> 6 & kOnes;  // Of '0' to '9' 0, of 'a' to 'f' 1.
  const uint64_t low = digits & 0x0F * kOnes;
  const bool has_high = (digits & 0xF0 * kOnes) == 0x30 * kOnes + 0x30 * letters;
  // Of figures 0 to 9, of letters 1 to 6: more goes over into the high half, less is borrowed from.
  const bool has_low = ((low + 6 * kOnes + 3 * letters) & 0xF0 * kOnes) == 0 &&
                       (((low | 0x10 * kOnes) - letters) & 0x10 * kOnes) == 0x10 * kOnes;
  if (!has_high || !has_low) return std::nullopt;
  uint64_t value = low + 9 * letters;
  value = (value << 4 | value >> 8) & 0x00FF00FF00FF00FF;  // Pairs, in every second byte.
  value = (value | value >> 8) & 0x0000FFFF0000FFFF;
  return __builtin_bswap32(static_cast<uint32_t>(value | value >> 16));
}

/// Returns the number that lower-case hex digits are; nothing: some of them aren't. REQUIRES: not
/// more than kDigitsOfNumber.
std::optional<uint64_t> HexNumber(std::string_view digits) {
  uint64_t number = 0;
  for (; digits.size() >= kWordBytes; digits.remove_prefix(kWordBytes)) {
    const auto eight = EightHexDigits(LoadWord(digits.data()));
    if (!eight) return std::nullopt;
    number = number << 32 | *eight;
  }
  for (const char c : digits) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 4 | digit;
  }
  return number;
}

/// Writes the last `digits` hex digits of a number.
void WriteHex(uint64_t number, size_t digits, char* out) {
  for (; digits > 0; number >>= 4) out[--digits] = kDigits[number & 0xF];
}

}  // namespace

std::optional<SlowCalls::Call::Ids> SlowCalls::Call::IdsOf(const Span& span) {
  const std::string_view trace = span.trace_id;
  if (trace.size() > 2 * kDigitsOfNumber || span.span_id.size() > kDigitsOfNumber) {
    return std::nullopt;
  }
  const size_t first = std::min(trace.size(), kDigitsOfNumber);
  const auto begin = HexNumber(trace.substr(0, first));
  const auto end = HexNumber(trace.substr(first));
  const auto span_id = HexNumber(span.span_id);
  if (!begin || !end || !span_id) return std::nullopt;
  return Ids{*begin, *end, *span_id};
}

/// Each word is set once: what is set in parts can't be read as a whole for a while.
SlowCalls::Call::Call(const Span& span, const std::optional<Ids>& ids)
    : duration_us_(span.duration_us & 0xFFFF'FFFF'FFFF),
      trace_digits_(ids ? span.trace_id.size() & 0xFF : 0),
      span_digits_(ids ? span.span_id.size() & 0xFF : 0),
      start_ms_(static_cast<uint64_t>(span.start_ms) & (~uint64_t{0} >> 1)),
      error_(span.error ? 1 : 0),
      ids_(ids.value_or(Ids{})) {
  static_assert(kDurationMaxUs <= 0xFFFF'FFFF'FFFF);
  TYMBAL_CHECK(span.duration_us <= kDurationMaxUs && span.trace_id.size() <= kIdBytesMax &&
                   span.span_id.size() <= kIdBytesMax,
               "spans are checked where they are read");
  if (!ids) {
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
    const size_t first = std::min<size_t>(trace_digits_, kDigitsOfNumber);
    call->trace_id.resize(trace_digits_);
    WriteHex(ids_[0], first, call->trace_id.data());
    WriteHex(ids_[1], trace_digits_ - first, call->trace_id.data() + first);
    call->span_id.resize(span_digits_);
    WriteHex(ids_[2], span_digits_, call->span_id.data());
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
  if (heap_.size() == limit) {
    if (!CallSlower()(call, heap_.front())) return 0;
    std::pop_heap(heap_.begin(), heap_.end(), CallSlower());
    heap_.pop_back();
  } else if (heap_.size() == capacity) {
    heap_.reserve(std::min(limit, std::max<size_t>(1, 2 * capacity)));
  }
  const size_t grown = (heap_.capacity() - capacity) * sizeof(Call) + call.heap_bytes();
  heap_.push_back(std::move(call));
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
