#include "common/log.h"

#include <chrono>
#include <cstdio>

#include "common/time_text.h"

namespace tymbal {
namespace {

/// Lines are cut here: an error text of another system may be megabytes long.
constexpr size_t kValueBytesMax = 4096;

bool NeedsQuotes(std::string_view value) {
  if (value.empty()) return true;
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) {
      return true;
    }
  }
  return false;
}

void AppendValue(std::string_view value, std::string* line) {
  const bool cut = value.size() > kValueBytesMax;
  value = value.substr(0, kValueBytesMax);
  if (!NeedsQuotes(value)) {
    *line += value;
  } else {
    line->push_back('"');
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        line->push_back('\\');
        line->push_back(c);
      } else if (c == '\n') {
        *line += "\\n";
      } else if (byte < ' ' || byte == 0x7f) {
        *line += fmt::format("\\x{:02x}", byte);
      } else {
        line->push_back(c);
      }
    }
    line->push_back('"');
  }
  if (cut) *line += "...";
}

std::string_view LevelText(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO ";
    case LogLevel::kWarn:
      return "WARN ";
    case LogLevel::kError:
      return "ERROR";
  }
  return "?";
}

}  // namespace

std::string Log::FormatLine(std::string_view sentence, std::initializer_list<LogField> fields) {
  std::string line(sentence);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    AppendValue(field.value, &line);
  }
  return line;
}

void StderrLog::Write(LogLevel level, std::string line) {
  if (level < least_) return;
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  // One call: lines of several threads don't mix.
  const std::string text =
      fmt::format("{} {} {}\n", TimeZone::Utc().Format(now_ms), LevelText(level), line);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace tymbal
