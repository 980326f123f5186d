#include "worker/endpoint_table.h"

#include <algorithm>
#include <bit>

#define XXH_INLINE_ALL  // Short keys: the call would cost as much as the hash.
#include <xxhash.h>

#include "common/load_word.h"

namespace tymbal::worker {
namespace {

constexpr size_t kSlotsAtFirst = 1024;

bool Same(const char* a, std::string_view b) {
  return b.size() < kWordBytes ? std::equal(b.begin(), b.end(), a)
                               : SameWords(a, b.data(), b.size());
}

}  // namespace

EndpointTable::EndpointTable() : slots_(kSlotsAtFirst), mask_(kSlotsAtFirst - 1) {}

uint64_t EndpointTable::Hash(const Names& names) {
  const uint64_t app = XXH3_64bits(names.app.data(), names.app.size());
  const uint64_t service = XXH3_64bits(names.service.data(), names.service.size());
  const uint64_t method = XXH3_64bits(names.method.data(), names.method.size());
  // Different multipliers, so that the same text as app and as service differs.
  uint64_t h = app * 0x9E3779B97F4A7C15U + std::rotl(service * 0xC2B2AE3D27D4EB4FU, 31) +
               std::rotl(method * 0x165667B19E3779F9U, 13);
  h ^= h >> 32;
  h *= 0x9FB21C651E98DF25U;
  return h ^ (h >> 29);
}

bool EndpointTable::Matches(const Slot& slot, uint64_t hash, const Names& names) {
  if (slot.hash != hash || slot.app_size != names.app.size() ||
      slot.service_size != names.service.size() || slot.method_size != names.method.size()) {
    return false;
  }
  const char* const service = slot.text + slot.app_size;
  return Same(slot.text, names.app) && Same(service, names.service) &&
         Same(service + slot.service_size, names.method);
}

uint32_t EndpointTable::Intern(uint64_t hash, const Names& names) {
  size_t position = hash & mask_;
  while (slots_[position].text != nullptr) {
    if (Matches(slots_[position], hash, names)) return slots_[position].endpoint;
    position = (position + 1) & mask_;
  }
  const auto endpoint = static_cast<uint32_t>(names_.size());
  const size_t size = names.app.size() + names.service.size() + names.method.size();
  char* text = texts_.Allocate(size + 1);  // Never null, even for three empty names.
  char* end = text;
  const auto append = [&end](std::string_view name) {
    std::copy_n(name.data(), name.size(), end);
    const std::string_view copy(end, name.size());
    end += name.size();
    return copy;
  };
  const std::string_view app = append(names.app);
  const std::string_view service = append(names.service);
  const std::string_view method = append(names.method);
  names_.push_back({app, service, method});
  slots_[position] = {hash,
                      text,
                      static_cast<uint32_t>(app.size()),
                      static_cast<uint32_t>(service.size()),
                      static_cast<uint32_t>(method.size()),
                      endpoint};
  if (2 * names_.size() > slots_.size()) Grow();
  return endpoint;
}

void EndpointTable::Grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.text == nullptr) continue;
    size_t position = slot.hash & mask_;
    while (slots_[position].text != nullptr) position = (position + 1) & mask_;
    slots_[position] = slot;
  }
}

}  // namespace tymbal::worker
