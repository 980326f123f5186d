#include "report/table.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "common/text.h"
#include "report/hostile_names.h"

namespace tymbal::report {
namespace {

Table Example() {
  Table table({{"app", Align::kLeft, Column::kAlways, /*shrinks=*/true},
               {"method", Align::kLeft, Column::kAlways, /*shrinks=*/true},
               {"calls", Align::kRight, Column::kEssential},
               {"p50", Align::kRight, 20},
               {"p99", Align::kRight, Column::kEssential + 1},
               {"max", Align::kRight, 10}});
  table.AddRow({{"shop"}, {"GET /cart"}, {"1,234"}, {"850 µs"}, {"12.3 ms"}, {"1.24 s"}});
  table.AddRow(
      {{"payment"}, {"POST /api/payments/authorise"}, {"7"}, {"1 µs"}, {"2 µs"}, {"3 µs"}});
  return table;
}

std::string Written(const Table& table, size_t width, std::string* left_out = nullptr) {
  std::ostringstream out;
  for (const std::string& title : table.Write(width, /*colour=*/false, out)) {
    if (left_out != nullptr) *left_out += title + " ";
  }
  return "\n" + out.str();
}

TEST(Table, ShowsEverythingWhereThereIsRoom) {
  EXPECT_EQ(Written(Example(), 120), R"(
app      method                        calls     p50      p99     max
shop     GET /cart                     1,234  850 µs  12.3 ms  1.24 s
payment  POST /api/payments/authorise      7    1 µs     2 µs    3 µs
)");
}

TEST(Table, ShortensTextsBeforeItDropsColumns) {
  EXPECT_EQ(Written(Example(), 66), R"(
app      method                     calls     p50      p99     max
shop     GET /cart                  1,234  850 µs  12.3 ms  1.24 s
payment  POST /api/pa…ts/authorise      7    1 µs     2 µs    3 µs
)");
}

TEST(Table, DropsTheLeastImportantColumnsAndSaysWhich) {
  std::string left_out;
  EXPECT_EQ(Written(Example(), 46, &left_out), R"(
app      method                 calls      p99
shop     GET /cart              1,234  12.3 ms
payment  POST /api/…/authorise      7     2 µs
)");
  EXPECT_EQ(left_out, "p50 max ");
}

TEST(Table, KeepsEssentialColumnsAndShortensTextsFurther) {
  std::string left_out;
  EXPECT_EQ(Written(Example(), 34, &left_out), R"(
app      method     calls      p99
shop     GET /cart  1,234  12.3 ms
payment  POST…rise      7     2 µs
)");
  EXPECT_EQ(left_out, "p50 max ");
}

TEST(Table, KeepsTheNamesWhenNothingElseFits) {
  std::string left_out;
  EXPECT_EQ(Written(Example(), 20, &left_out), R"(
app      method
shop     GET /cart
payment  POST …orise
)");
  EXPECT_EQ(left_out, "calls p50 p99 max ");
}

TEST(Table, ColoursTitlesAndCellsWithoutMovingThem) {
  Table table({{"a", Align::kLeft, Column::kAlways}, {"b", Align::kRight, 1}});
  table.AddRow({{"x"}, {"bad", Tone::kBad}});
  std::ostringstream out;
  table.Write(80, /*colour=*/true, out);
  EXPECT_EQ(out.str(),
            "\x1b[1ma\x1b[0m  \x1b[1m  b\x1b[0m\n"
            "x  \x1b[31mbad\x1b[0m\n");
}

TEST(Table, LeavesOutAnOptionalColumnWithoutTexts) {
  Table table({{"a", Align::kLeft, Column::kAlways},
               {"b", Align::kLeft, Column::kAlways, /*shrinks=*/true, /*optional=*/true},
               {"c", Align::kLeft, Column::kAlways, /*shrinks=*/true}});
  table.AddRow({{"x"}, {}, {}});
  std::string left_out;
  EXPECT_EQ(Written(table, 80, &left_out), "\na  c\nx\n");
  EXPECT_EQ(left_out, "");
  table.AddRow({{"x"}, {"y"}, {}});
  EXPECT_EQ(Written(table, 80), "\na  b  c\nx\nx  y\n");
}

TEST(Table, MakesCellsPrintable) {
  Table table({{"name", Align::kLeft, Column::kAlways, /*shrinks=*/true}});
  table.AddRow({{"\x1b[2J\u202e"}});
  EXPECT_EQ(Written(table, 80), "\nname\n\\x1b[2J\\u202e\n");
}

TEST(Table, CutsALongTextInAColumnThatDoesNotShrink) {
  Table table({{"trace_id", Align::kLeft, 1}});
  table.AddRow({{std::string(4096, 'f')}});
  EXPECT_EQ(Written(table, 80),
            "\ntrace_id\n" + std::string(20, 'f') + "…" + std::string(19, 'f') + "\n");
}

TEST(Table, FitsHostileNamesIntoEveryWidth) {
  Table table({{"app", Align::kLeft, Column::kAlways, /*shrinks=*/true},
               {"service", Align::kLeft, Column::kAlways, /*shrinks=*/true},
               {"method", Align::kLeft, Column::kAlways, /*shrinks=*/true},
               {"calls", Align::kRight, Column::kEssential},
               {"trace_id", Align::kLeft, 10},
               {"p99", Align::kRight, Column::kEssential + 1}});
  const std::vector<std::string> names = HostileNames();
  for (size_t i = 0; i < names.size(); ++i) {
    table.AddRow({{names[i]},
                  {names[(i + 3) % names.size()]},
                  {names[(i + 7) % names.size()]},
                  {"1,234"},
                  {names[(i + 5) % names.size()]},
                  {"~12.3 ms"}});
  }
  for (size_t width = Table::kWidthMin; width <= 200; ++width) {
    std::istringstream lines(Written(table, width));
    size_t count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      EXPECT_LE(DisplayWidth(line), width) << line;
      EXPECT_EQ(line, Printable(line));
    }
    EXPECT_EQ(count, names.size() + 2);
  }
}

TEST(FitText, PutsAnEllipsisIntoTheMiddle) {
  EXPECT_EQ(FitText("abcdefgh", 8), "abcdefgh");
  EXPECT_EQ(FitText("abcdefgh", 7), "abc…fgh");
  EXPECT_EQ(FitText("abcdefgh", 6), "abc…gh");
  EXPECT_EQ(FitText("abcdefgh", 2), "a…");
  EXPECT_EQ(FitText("abcdefgh", 1), "…");
  EXPECT_EQ(FitText("", 1), "");
}

TEST(FitText, CutsNoWideCharacterInHalf) {
  EXPECT_EQ(FitText("订单接口", 8), "订单接口");
  EXPECT_EQ(FitText("订单接口", 7), "订…口");
  EXPECT_EQ(FitText("订单接口", 5), "订…口");
  EXPECT_EQ(FitText("订单", 3), "…");
}

TEST(FitText, KeepsMarksWithTheirCharacterAndDropsHeapsOfThem) {
  EXPECT_EQ(FitText("a\u0301bcdefg\u0301", 3), "a\u0301…g\u0301");
  std::string heap = "Z";
  for (int i = 0; i < 1000; ++i) heap += "\u0301";
  EXPECT_EQ(FitText(heap, 5), "Z\u0301\u0301\u0301\u0301");
}

TEST(WrapParts, BreaksBetweenPartsThenBetweenWordsThenAnywhere) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(WrapParts({"one", "two", "three"}, 20), Lines({"one; two; three"}));
  EXPECT_EQ(WrapParts({"one", "two", "three"}, 8), Lines({"one; two", "three"}));
  EXPECT_EQ(WrapParts({"spans 12 of 13 read"}, 10), Lines({"spans 12", "of 13 read"}));
  EXPECT_EQ(WrapParts({"订单接口"}, 5), Lines({"订单", "接口"}));
  EXPECT_EQ(WrapParts({"abcdefgh"}, 3), Lines({"abc", "def", "gh"}));
  EXPECT_EQ(WrapParts({}, 3), Lines());
}

}  // namespace
}  // namespace tymbal::report
