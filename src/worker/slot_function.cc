#include "worker/slot_function.h"

#include <charconv>

#include "common/slot.h"

namespace tymbal::worker {
namespace {

/// An id in 32 bits with wrap-around, as Java's int. What is no number is 0.
uint32_t IdOf(std::string_view text) {
  int64_t id = 0;
  std::from_chars(text.data(), text.data() + text.size(), id);
  return static_cast<uint32_t>(id);
}

/// abs((((17 * 31 + app) * 31 + service) * 31 + method)) % 65536 in Java's int. Math.abs of the
/// least int is itself, and so negative: we count it to the first slot.
uint32_t CicadaSlice(std::string_view app, std::string_view service, std::string_view method) {
  const uint32_t hash = ((17U * 31 + IdOf(app)) * 31 + IdOf(service)) * 31 + IdOf(method);
  const auto value = static_cast<int32_t>(hash);
  if (value == INT32_MIN) return 0;
  return static_cast<uint32_t>(value < 0 ? -value : value) % kCicadaSlots;
}

}  // namespace

uint32_t SlotBy(SlotFunction function, std::string_view app, std::string_view service,
                std::string_view method, uint32_t slots) {
  switch (function) {
    case SlotFunction::kTymbal:
      return SlotOf(app, service, method, slots);
    case SlotFunction::kCicada:
      return CicadaSlice(app, service, method) / (kCicadaSlots / slots);
  }
  return 0;
}

}  // namespace tymbal::worker
