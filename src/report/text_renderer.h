#pragma once

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "common/time_text.h"
#include "report/report_query.h"
#include "report/table.h"

namespace tymbal::report {

/// How a report for people looks.
struct TextStyle {
  size_t width = 120;  ///< In columns; no line is wider. At least Table::kWidthMin.
  bool colour = false;
};

/// Renders reports as tables for people, who read them on a terminal: a header that says what is
/// shown and how complete it is, the rows, and notes. The numbers are rounded. The command calls
/// it; the only class of this folder that is about terminals. The stream must outlive it. Thread:
/// confined to one.
class TextRenderer {
 public:
  TextRenderer(const TextStyle& style, const TimeZone& zone, std::ostream& out)
      : style_(style), zone_(zone), out_(out) {}

  void Write(const StatReport& report);
  void Write(const SlowReport& report);
  void Write(const PeriodsReport& report);

 private:
  void WriteParts(const std::vector<std::string>& parts);
  void WriteTable(const Table& table, std::vector<std::string> notes);

  TextStyle style_;
  TimeZone zone_;
  std::ostream& out_;
};

}  // namespace tymbal::report
