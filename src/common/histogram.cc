#include "common/histogram.h"

#include <algorithm>
#include <bit>

namespace tymbal {
namespace {

constexpr char kVersion = 1;

size_t VarintBytes(uint64_t number) {
  return number < 0x80 ? 1 : (static_cast<size_t>(std::bit_width(number)) + 6) / 7;
}

/// Returns where the number ends.
char* WriteVarint(uint64_t number, char* out) {
  for (; number >= 0x80; number >>= 7) *out++ = static_cast<char>(0x80 | (number & 0x7F));
  *out++ = static_cast<char>(number);
  return out;
}

/// Moves `*next` behind the number. Returns false where there is none.
bool ReadVarint(const char** next, const char* end, uint64_t* number) {
  *number = 0;
  for (int shift = 0; shift < 64 && *next < end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*(*next)++);
    if (shift == 63 && byte > 1) return false;
    *number |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

/// Calls add(bucket, count) for each entry of an encoded histogram, as far as it is sound; returns
/// whether all of it is, and all counts fit beside `count_before`.
template <typename Add>
bool ReadEntries(std::string_view bytes, uint64_t count_before, Add add) {
  if (bytes.empty() || bytes.front() != kVersion) return false;
  const char* next = bytes.data() + 1;
  const char* const end = bytes.data() + bytes.size();
  uint64_t bucket = 0;
  uint64_t total = count_before;
  while (next < end) {
    uint64_t gap = 0;
    uint64_t count = 0;
    if (!ReadVarint(&next, end, &gap) || !ReadVarint(&next, end, &count)) return false;
    if (count == 0 || gap >= Histogram::kBuckets) return false;
    bucket += gap;
    if (bucket >= Histogram::kBuckets || __builtin_add_overflow(total, count, &total)) {
      return false;
    }
    add(static_cast<uint32_t>(bucket++), count);
  }
  return true;
}

}  // namespace

uint64_t Histogram::LowerBound(uint32_t bucket) {
  if (bucket < 2 * kSubBuckets) return bucket;
  const uint32_t shift = bucket / kSubBuckets - 1;
  return static_cast<uint64_t>(bucket - shift * kSubBuckets) << shift;
}

uint64_t Histogram::Middle(uint32_t bucket) {
  const uint64_t width = bucket < 2 * kSubBuckets ? 1 : 1ULL << (bucket / kSubBuckets - 1);
  return LowerBound(bucket) + (width - 1) / 2;
}

void Histogram::Clear() {
  ForEachUsed([this](uint32_t bucket) { counts_[bucket] = 0; });
  used_ = {};
  count_ = 0;
}

void Histogram::Merge(const Histogram& other) {
  other.ForEachUsed([&](uint32_t bucket) { AddTo(bucket, other.counts_[bucket]); });
}

Status Histogram::MergeEncoded(std::string_view bytes) {
  const uint64_t before = count_;
  const auto add = [this](uint32_t bucket, uint64_t count) { AddTo(bucket, count); };
  if (ReadEntries(bytes, before, add)) return Status::Ok();
  // The same entries again, up to the first bad one.
  ReadEntries(bytes, before, [this](uint32_t bucket, uint64_t count) { TakeBack(bucket, count); });
  return Internal("a stored histogram is damaged or of an unknown version");
}

void Histogram::Find(std::span<const uint64_t> ranks, std::span<Position> found) const {
  TYMBAL_CHECK(ranks.size() == found.size() && !ranks.empty() && ranks.front() >= 1 &&
                   ranks.back() <= count_ && std::is_sorted(ranks.begin(), ranks.end()),
               "no such ranks");
  size_t next = 0;
  uint64_t before = 0;
  ForEachUsed([&](uint32_t bucket) {
    const uint64_t up_to = before + counts_[bucket];
    while (next < ranks.size() && ranks[next] <= up_to) found[next++] = {bucket, before};
    before = up_to;
  });
}

std::string Histogram::Encode() const {
  std::string bytes;
  Encode(&bytes);
  return bytes;
}

void Histogram::Encode(std::string* bytes) const {
  // Measured first: most rows of results have one, and growing it would take longer than this.
  size_t size = 1;
  uint32_t next = 0;
  ForEachUsed([&](uint32_t bucket) {
    size += VarintBytes(bucket - next) + VarintBytes(counts_[bucket]);
    next = bucket + 1;
  });
  bytes->assign(size, kVersion);
  char* out = bytes->data() + 1;
  next = 0;
  ForEachUsed([&](uint32_t bucket) {
    out = WriteVarint(bucket - next, out);
    out = WriteVarint(counts_[bucket], out);
    next = bucket + 1;
  });
}

uint64_t NearestRank(uint64_t count, uint32_t permille) {
  TYMBAL_CHECK(count > 0 && permille > 0 && permille <= 1000, "no such percentile");
  // ceil(p * n) of n = 1000 q + r is 1000 p q + ceil(p r): a product of large numbers would wrap.
  return count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
}

}  // namespace tymbal
