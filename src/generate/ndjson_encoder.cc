#include "generate/ndjson_encoder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "common/endpoint.h"
#include "common/histogram.h"
#include "common/text.h"

namespace tymbal::generate {
namespace {

constexpr size_t kNumberBytesMax = 20;
// What a line has besides the names: keys, three numbers in hex, two in decimal, the kind.
constexpr size_t kRestBytesMax = 128 + 3 * 16 + 2 * kNumberBytesMax;

/// The two hex digits of every byte.
constexpr std::array<char, 512> MakeHexPairs() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 512> pairs{};
  for (size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = kDigits[i >> 4];
    pairs[2 * i + 1] = kDigits[i & 15];
  }
  return pairs;
}
constexpr std::array<char, 512> kHexPairs = MakeHexPairs();

char* Put(std::string_view text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

template <typename Integer>
char* PutNumber(Integer number, char* at) {
  return std::to_chars(at, at + kNumberBytesMax, number).ptr;
}

char* PutHex(uint64_t number, char* at) {
  for (int shift = 56; shift >= 0; shift -= 8, at += 2) {
    std::memcpy(at, &kHexPairs[2 * ((number >> shift) & 0xFF)], 2);
  }
  return at;
}

std::string_view KindField(SpanKind kind) {
  constexpr std::array<std::string_view, 5> kFields = {
      R"(","kind":"server"})", R"(","kind":"client"})", R"(","kind":"producer"})",
      R"(","kind":"consumer"})", R"(","kind":"internal"})"};
  return kFields[static_cast<size_t>(kind)];
}

/// Writes `,"error":…` and what follows it, without a line end.
char* PutTail(const GeneratedSpan& span, char* at) {
  at = Put(span.error ? std::string_view(R"(,"error":true,"trace_id":")")
                      : std::string_view(R"(,"error":false,"trace_id":")"),
           at);
  at = PutHex(span.trace_id_high, at);
  at = PutHex(span.trace_id_low, at);
  at = Put(R"(","span_id":")", at);
  at = PutHex(span.span_id, at);
  return Put(KindField(span.kind), at);
}

std::string NamesJson(const EndpointName& name) {
  return R"({"app":)" + JsonQuote(name.app) + R"(,"service":)" + JsonQuote(name.service) +
         R"(,"method":)" + JsonQuote(name.method);
}

}  // namespace

NdjsonEncoder::NdjsonEncoder(const GenerateOptions& options) : apps_(options.apps), ends_{0} {
  size_t names_bytes_max = 0;
  ends_.reserve(options.endpoints + size_t{1});
  for (uint32_t i = 0; i < options.endpoints; ++i) {
    names_ += NamesJson(MakeEndpoint(i, apps_).name);
    names_bytes_max = std::max(names_bytes_max, names_.size() - ends_.back());
    ends_.push_back(names_.size());
  }
  line_bytes_max_ = names_bytes_max + kRestBytesMax;
}

void NdjsonEncoder::Append(std::span<const GeneratedSpan> spans, std::string* out) const {
  while (!spans.empty()) {
    const auto broken = std::find_if(spans.begin(), spans.end(), [](const GeneratedSpan& span) {
      return span.defect != Defect::kNone;
    });
    const auto good = static_cast<size_t>(broken - spans.begin());
    const size_t before = out->size();
    out->resize(before + good * line_bytes_max_);
    char* at = out->data() + before;
    for (const GeneratedSpan& span : spans.first(good)) at = AppendLine(span, at);
    out->resize(static_cast<size_t>(at - out->data()));
    spans = spans.subspan(good);
    if (spans.empty()) return;
    AppendBrokenLine(spans.front(), out);
    spans = spans.subspan(1);
  }
}

char* NdjsonEncoder::AppendLine(const GeneratedSpan& span, char* at) const {
  at = Put(Names(span.endpoint), at);
  at = Put(R"(,"start_time":)", at);
  at = PutNumber(span.start_ms, at);
  at = Put(R"(,"duration_us":)", at);
  at = PutNumber(span.duration_us, at);
  at = PutTail(span, at);
  *at++ = '\n';
  return at;
}

void NdjsonEncoder::AppendBrokenLine(const GeneratedSpan& span, std::string* out) const {
  const EndpointName name = MakeEndpoint(span.endpoint, apps_).name;
  std::string names(Names(span.endpoint));
  std::string start = R"(,"start_time":)" + std::to_string(span.start_ms);
  const std::string digits = std::to_string(span.duration_us);
  std::string duration = R"(,"duration_us":)" + digits;
  std::string more;
  switch (span.defect) {
    case Defect::kNone:
      break;
    case Defect::kTruncated:
      names.back() = '\n';  // Instead of the closing quote.
      *out += names;
      return;
    case Defect::kInvalidUtf8:
      names.insert(names.size() - 1, "\xC3\x28");
      break;
    case Defect::kDuplicateField:
      more = R"(,"duration_us":)" + std::to_string(span.duration_us + 1);
      break;
    case Defect::kWrongType:
      duration = R"(,"duration_us":")" + digits + '"';
      break;
    case Defect::kEmptyApp:
      names = NamesJson({"", name.service, name.method});
      break;
    case Defect::kMissingMethod:
      names = R"({"app":)" + JsonQuote(name.app) + R"(,"service":)" + JsonQuote(name.service);
      break;
    case Defect::kMissingStart:
      start.clear();
      break;
    case Defect::kMissingDuration:
      duration.clear();
      break;
    case Defect::kNameTooLong:
      names.insert(names.size() - 1, std::string(kNameBytesMax, 'x'));
      break;
    case Defect::kStartInSeconds:
      start = R"(,"start_time":)" + std::to_string(span.start_ms / 1000);
      break;
    case Defect::kNegativeDuration:
      duration = R"(,"duration_us":-)" + digits;
      break;
    case Defect::kDurationTooLong:
      duration = R"(,"duration_us":)" + std::to_string(kDurationMaxUs + span.duration_us);
      break;
    case Defect::kFractionalDuration:
      duration += ".5";
      break;
    case Defect::kWrongSlot:
      more = R"(,"slot":2147483647)";  // No job has that many slots.
      break;
  }
  std::array<char, kRestBytesMax> tail{};
  const char* const tail_end = PutTail(span, tail.data());
  *out += names + start + duration + more;
  out->append(tail.data(), static_cast<size_t>(tail_end - tail.data()));
  *out += '\n';
}

}  // namespace tymbal::generate
