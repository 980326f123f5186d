#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/time_text.h"
#include "report/record_writer.h"

namespace tymbal::report {

/// Returns a text as a CSV cell that a spreadsheet shows and never runs: made printable as for a
/// terminal (a NUL is \x00, ill-formed bytes are U+FFFD); with an apostrophe before it if it begins
/// with = + - @, their full-width forms, TAB, CR, LF or NUL; quoted where RFC 4180 asks for it.
std::string CsvCell(std::string_view text);

/// Writes CSV after RFC 4180: a header line, lines end in CR LF. Flags are 1 and 0, a missing value
/// is an empty cell.
class CsvWriter : public RecordWriter {
 public:
  CsvWriter(const TimeZone& zone, std::ostream& out) : zone_(zone), out_(out) {}

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
  void Cell(std::string_view raw);
  void EndLine();

  TimeZone zone_;
  std::ostream& out_;
  size_t columns_ = 0;
  size_t cells_ = 0;  // Written in this line.
};

}  // namespace tymbal::report
