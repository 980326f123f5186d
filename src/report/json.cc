#include "report/json.h"

#include <fmt/format.h>

#include "common/check.h"
#include "common/text.h"

namespace tymbal::report {
namespace {

void AppendUnit(unsigned unit, std::string* out) { *out += fmt::format("\\u{:04x}", unit); }

}  // namespace

std::string JsonText(std::string_view text) {
  const std::string quoted = JsonQuote(text);
  std::string out;
  out.reserve(quoted.size());
  for (size_t position = 0; position < quoted.size();) {
    const size_t start = position;
    const auto c = static_cast<unsigned>(DecodeCodePoint(quoted, &position));
    const std::string_view bytes = std::string_view(quoted).substr(start, position - start);
    if (c < 0x80 || Printable(bytes) == bytes) {
      out += bytes;
    } else if (c < 0x10000) {
      AppendUnit(c, &out);
    } else {
      AppendUnit(0xD800 + ((c - 0x10000) >> 10), &out);
      AppendUnit(0xDC00 + ((c - 0x10000) & 0x3FF), &out);
    }
  }
  return out;
}

void JsonWriter::Begin(const std::vector<std::string_view>& columns) {
  for (const std::string_view column : columns) keys_.push_back(JsonText(column) + ":");
  out_ << '[';
}

void JsonWriter::BeginRecord() {
  const bool first = !in_record_;
  if (!first) EndRecord();
  out_ << (first ? "\n{" : ",\n{");
  in_record_ = true;
}

void JsonWriter::Text(std::string_view text) { Value(JsonText(text)); }

void JsonWriter::Count(uint64_t count) { Value(fmt::format("{}", count)); }

void JsonWriter::Real(double number) { Value(fmt::format("{}", number)); }

void JsonWriter::Flag(bool flag) { Value(flag ? "true" : "false"); }

void JsonWriter::Time(int64_t time_ms) { Value(JsonText(zone_.Format(time_ms))); }

void JsonWriter::None() { Value("null"); }

void JsonWriter::Finish() {
  if (in_record_) EndRecord();
  out_ << (in_record_ ? "\n]\n" : "]\n");
}

void JsonWriter::Value(std::string_view raw) {
  TYMBAL_CHECK(values_ < keys_.size(), "a JSON record has one value per column");
  if (values_ > 0) out_ << ',';
  out_ << keys_[values_++] << raw;
}

void JsonWriter::EndRecord() {
  TYMBAL_CHECK(values_ == keys_.size(), "a JSON record has one value per column");
  out_ << '}';
  values_ = 0;
}

}  // namespace tymbal::report
