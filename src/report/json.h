#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/time_text.h"
#include "report/record_writer.h"

namespace tymbal::report {

/// Returns a text as a JSON string that is safe to show as well: what Printable() would escape is a
/// \u escape here, so the exact name survives, lone surrogates too. Ill-formed bytes become U+FFFD.
std::string JsonText(std::string_view text);

/// Writes a JSON array with one object per record and line. Flags are true and false, a missing
/// value is null, times are ISO 8601 texts.
class JsonWriter : public RecordWriter {
 public:
  JsonWriter(const TimeZone& zone, std::ostream& out) : zone_(zone), out_(out) {}

  void Begin(const std::vector<std::string_view>& columns) override;
  void BeginRecord() override;
  void Text(std::string_view text) override;
  void Count(uint64_t count) override;
  void Real(double number) override;
  void Flag(bool flag) override;
  void Time(int64_t time_ms) override;
  void None() override;
  void Finish() override;

 private:
  void Value(std::string_view raw);
  void EndRecord();

  TimeZone zone_;
  std::ostream& out_;
  std::vector<std::string> keys_;
  bool in_record_ = false;
  size_t values_ = 0;  // Written in this record.
};

}  // namespace tymbal::report
