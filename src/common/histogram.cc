#include "common/histogram.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "common/uint128.h"

namespace tymbal {
namespace {

constexpr int kSubBits = 7;
constexpr uint32_t kSubBuckets = 1U << kSubBits;
constexpr char kVersion = 1;

void AppendVarint(uint64_t number, std::string* out) {
  for (; number >= 0x80; number >>= 7) out->push_back(static_cast<char>(0x80 | (number & 0x7F)));
  out->push_back(static_cast<char>(number));
}

std::optional<uint64_t> ReadVarint(std::string_view* bytes) {
  uint64_t number = 0;
  for (int shift = 0; shift < 64 && !bytes->empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    number |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return number;
  }
  return std::nullopt;
}

struct Entry {
  uint32_t bucket;
  uint64_t count;
};

/// Returns the entries of an encoded histogram, or nothing when the bytes are damaged.
std::optional<std::vector<Entry>> ReadEntries(std::string_view bytes, uint64_t count_before) {
  if (bytes.empty() || bytes.front() != kVersion) return std::nullopt;
  bytes.remove_prefix(1);
  std::vector<Entry> entries;
  uint64_t bucket = 0;
  uint64_t total = count_before;
  while (!bytes.empty()) {
    const auto gap = ReadVarint(&bytes);
    const auto count = ReadVarint(&bytes);
    if (!gap || !count || *count == 0 || *gap >= Histogram::kBuckets) return std::nullopt;
    bucket += *gap;
    if (bucket >= Histogram::kBuckets || __builtin_add_overflow(total, *count, &total)) {
      return std::nullopt;
    }
    entries.push_back({static_cast<uint32_t>(bucket++), *count});
  }
  return entries;
}

}  // namespace

uint32_t Histogram::BucketOf(uint64_t value) {
  TYMBAL_CHECK(value <= kDurationMaxUs, "durations are checked where they are read");
  if (value < kSubBuckets) return static_cast<uint32_t>(value);
  const auto shift = static_cast<uint32_t>(std::bit_width(value) - 1 - kSubBits);
  return shift * kSubBuckets + static_cast<uint32_t>(value >> shift);
}

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
  if (first_ <= last_) std::fill(counts_.begin() + first_, counts_.begin() + last_ + 1, 0);
  count_ = 0;
  first_ = kBuckets;
  last_ = 0;
}

void Histogram::Add(uint64_t value, uint64_t count) {
  const uint32_t bucket = BucketOf(value);
  counts_[bucket] += count;
  count_ += count;
  first_ = std::min(first_, bucket);
  last_ = std::max(last_, bucket);
}

void Histogram::Merge(const Histogram& other) {
  for (uint32_t bucket = other.first_; bucket <= other.last_; ++bucket) {
    counts_[bucket] += other.counts_[bucket];
  }
  count_ += other.count_;
  first_ = std::min(first_, other.first_);
  last_ = std::max(last_, other.last_);
}

Status Histogram::MergeEncoded(std::string_view bytes) {
  const auto entries = ReadEntries(bytes, count_);
  if (!entries) return Internal("a stored histogram is damaged or of an unknown version");
  for (const Entry& entry : *entries) {
    counts_[entry.bucket] += entry.count;
    count_ += entry.count;
  }
  if (!entries->empty()) {
    first_ = std::min(first_, entries->front().bucket);
    last_ = std::max(last_, entries->back().bucket);
  }
  return Status::Ok();
}

Histogram::Position Histogram::Find(uint64_t rank) const {
  TYMBAL_CHECK(rank >= 1 && rank <= count_, "no such rank");
  uint64_t before = 0;
  uint32_t bucket = first_;
  while (before + counts_[bucket] < rank) before += counts_[bucket++];
  return {bucket, before};
}

std::string Histogram::Encode() const {
  std::string bytes(1, kVersion);
  uint32_t next = 0;
  for (uint32_t bucket = first_; bucket <= last_; ++bucket) {
    if (counts_[bucket] == 0) continue;
    AppendVarint(bucket - next, &bytes);
    AppendVarint(counts_[bucket], &bytes);
    next = bucket + 1;
  }
  return bytes;
}

uint64_t NearestRank(uint64_t count, uint32_t permille) {
  TYMBAL_CHECK(count > 0 && permille > 0 && permille <= 1000, "no such percentile");
  const auto product = static_cast<Uint128>(count) * permille;
  return static_cast<uint64_t>((product + 999) / 1000);
}

}  // namespace tymbal
