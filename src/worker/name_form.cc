#include "worker/name_form.h"

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tymbal::worker {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint32_t kNoDigit = 0x80;  // Above all digits, so that one test finds it among four.

constexpr std::array<uint8_t, 256> kDigits = [] {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  }
  return digits;
}();

uint32_t DigitOf(char c) { return kDigits[static_cast<uint8_t>(c)]; }

/// Returns what is before "." and one digit 0 or 1: whether an agent reported the service. Returns
/// nothing when `id` is no service id.
std::optional<std::string_view> EncodedService(std::string_view id) {
  if (id.size() < 2 || id[id.size() - 2] != '.' || (id.back() != '0' && id.back() != '1')) {
    return std::nullopt;
  }
  return id.substr(0, id.size() - 2);
}

}  // namespace

std::optional<std::string_view> DecodeBase64(std::string_view text, Arena* arena) {
  if (text.size() % 4 != 0) return std::nullopt;
  if (text.empty()) return text;
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const size_t size = text.size() / 4 * 3 - padding;
  char* const bytes = arena->Allocate(size);
  char* out = bytes;
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  const size_t whole = padding == 0 ? text.size() : text.size() - 4;
  for (size_t i = 0; i < whole; i += 4) {
    const uint32_t a = DigitOf(text[i]);
    const uint32_t b = DigitOf(text[i + 1]);
    const uint32_t c = DigitOf(text[i + 2]);
    const uint32_t d = DigitOf(text[i + 3]);
    if (((a | b | c | d) & kNoDigit) != 0) return std::nullopt;
    put(a << 2 | b >> 4);
    put(b << 4 | c >> 2);
    put(c << 6 | d);
  }
  if (padding > 0) {
    const uint32_t a = DigitOf(text[whole]);
    const uint32_t b = DigitOf(text[whole + 1]);
    const uint32_t c = padding == 1 ? DigitOf(text[whole + 2]) : 0;
    if (((a | b | c) & kNoDigit) != 0) return std::nullopt;
    // Bits that say nothing must be 0.
    if ((padding == 1 ? c & 3 : b & 15) != 0) return std::nullopt;
    put(a << 2 | b >> 4);
    if (padding == 1) put(b << 4 | c >> 2);
  }
  return std::string_view(bytes, size);
}

std::optional<std::string_view> NameOfSkywalkingId(NameForm form, std::string_view id,
                                                   Arena* arena) {
  std::optional<std::string_view> encoded;
  if (form == NameForm::kSkywalkingService) {
    encoded = EncodedService(id);
  } else {
    const size_t joint = id.find('_');  // Base64's alphabet has neither "." nor "_".
    if (joint == std::string_view::npos || !EncodedService(id.substr(0, joint))) {
      return std::nullopt;
    }
    encoded = id.substr(joint + 1);
  }
  if (!encoded) return std::nullopt;
  const auto name = DecodeBase64(*encoded, arena);
  if (!name || !simdjson::validate_utf8(name->data(), name->size())) return std::nullopt;
  return name;
}

}  // namespace tymbal::worker
