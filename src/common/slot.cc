#include "common/slot.h"

#include "common/check.h"
#include "common/load_word.h"
#include "common/text.h"

namespace tymbal {
namespace {

constexpr uint32_t Power31(int exponent) { return exponent == 0 ? 1 : 31 * Power31(exponent - 1); }

/// Returns what eight characters of ASCII, the first one lowest, add to a hash: the sum of
/// 31^(7 - i) * c[i]. Neighbours are put together, as digits of base 31 to digits of base 31^2, and
/// again: three steps instead of eight, each of which would wait for the one before.
uint32_t EightCharacters(uint64_t c) {
  constexpr uint64_t kBytes = 0x00FF00FF00FF00FF;
  constexpr uint64_t kPairs = 0x0000FFFF0000FFFF;
  c = (c & kBytes) * 31 + ((c >> 8) & kBytes);
  c = (c & kPairs) * Power31(2) + ((c >> 16) & kPairs);
  return static_cast<uint32_t>(c) * Power31(4) + static_cast<uint32_t>(c >> 32);
}

uint32_t Extend(uint32_t h, std::string_view text) {
  constexpr uint64_t kNotAscii = 0x8080808080808080;
  size_t position = 0;
  for (; position + kWordBytes <= text.size(); position += kWordBytes) {
    const uint64_t word = LoadWord(text.data() + position);
    if ((word & kNotAscii) != 0) break;
    h = Power31(8) * h + EightCharacters(word);
  }
  while (position < text.size()) {
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
