#include "common/slot.h"

#include "common/check.h"
#include "common/text.h"

namespace tymbal {
namespace {

uint32_t Extend(uint32_t h, std::string_view text) {
  for (size_t position = 0; position < text.size();) {
    const auto byte = static_cast<unsigned char>(text[position]);
    if (byte < 0x80) {  // Nearly all names are ASCII.
      h = 31 * h + byte;
      ++position;
      continue;
    }
    const char32_t c = DecodeCodePoint(text, &position);
    if (c < 0x10000) {
      h = 31 * h + c;
    } else {
      h = 31 * h + (0xD800 + ((c - 0x10000) >> 10));
      h = 31 * h + (0xDC00 + ((c - 0x10000) & 0x3FF));
    }
  }
  return h;
}

}  // namespace

uint32_t EndpointHash(std::string_view app, std::string_view service, std::string_view method) {
  uint32_t h = Extend(0, app);
  h = Extend(31 * h, service);  // 31 * h + U+0000
  return Extend(31 * h, method);
}

uint32_t SlotOf(std::string_view app, std::string_view service, std::string_view method,
                uint32_t slots) {
  TYMBAL_CHECK(slots > 0, "a job has at least one slot");
  return Fmix32(EndpointHash(app, service, method)) % slots;
}

}  // namespace tymbal
