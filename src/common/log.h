#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace tymbal {

/// kError: a person must act. kWarn: it works on, but a person should know.
enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

/// A value of a log line: `key=value`. Values with blanks, quotes or control characters are quoted
/// and escaped when the line is written.
struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(fmt::to_string(v)) {}
};

/// Where log lines go: a constant sentence and fields. Never call it once per span. Thread: any.
class Log {
 public:
  virtual ~Log() = default;

  void Debug(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kDebug, FormatLine(sentence, fields));
  }
  void Info(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kInfo, FormatLine(sentence, fields));
  }
  void Warn(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kWarn, FormatLine(sentence, fields));
  }
  void Error(std::string_view sentence, std::initializer_list<LogField> fields = {}) {
    Write(LogLevel::kError, FormatLine(sentence, fields));
  }

 protected:
  virtual void Write(LogLevel level, std::string line) = 0;

 private:
  static std::string FormatLine(std::string_view sentence, std::initializer_list<LogField> fields);
};

/// Writes lines to standard error, each with its UTC time and level, those below `least` not at
/// all. Thread: any.
class StderrLog : public Log {
 public:
  explicit StderrLog(LogLevel least) : least_(least) {}

 protected:
  void Write(LogLevel level, std::string line) override;

 private:
  const LogLevel least_;
};

}  // namespace tymbal
