#include "report/csv.h"

#include <fmt/format.h>

#include "common/check.h"
#include "common/text.h"

namespace tymbal::report {
namespace {

/// Returns whether some spreadsheet takes a cell that begins with `c` for a formula.
bool StartsFormula(char32_t c) {
  switch (c) {
    case U'=':
    case U'+':
    case U'-':
    case U'@':
    case U'\t':
    case U'\r':
    case U'\n':
    case U'\0':
    case U'\uFF1D':  // Full-width = + - @.
    case U'\uFF0B':
    case U'\uFF0D':
    case U'\uFF20':
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string CsvCell(std::string_view text) {
  if (text.empty()) return "";
  size_t position = 0;
  std::string cell = StartsFormula(DecodeCodePoint(text, &position)) ? "'" : "";
  cell += Printable(text);
  if (cell.find_first_of("\",\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void CsvWriter::Begin(const std::vector<std::string_view>& columns) {
  columns_ = columns.size();
  for (const std::string_view column : columns) Cell(CsvCell(column));
  EndLine();
}

void CsvWriter::BeginRecord() {
  if (cells_ > 0) EndLine();
}

void CsvWriter::Text(std::string_view text) { Cell(CsvCell(text)); }

void CsvWriter::Count(uint64_t count) { Cell(fmt::format("{}", count)); }

void CsvWriter::Real(double number) { Cell(fmt::format("{}", number)); }

void CsvWriter::Flag(bool flag) { Cell(flag ? "1" : "0"); }

void CsvWriter::Time(int64_t time_ms) { Cell(zone_.Format(time_ms)); }

void CsvWriter::None() { Cell(""); }

void CsvWriter::Finish() {
  if (cells_ > 0) EndLine();
}

void CsvWriter::Cell(std::string_view raw) {
  if (cells_++ > 0) out_ << ',';
  out_ << raw;
}

void CsvWriter::EndLine() {
  TYMBAL_CHECK(cells_ == columns_, "a CSV record has one value per column");
  out_ << "\r\n";
  cells_ = 0;
}

}  // namespace tymbal::report
