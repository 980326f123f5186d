#include "report/csv.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace tymbal::report {
namespace {

using std::string_literals::operator""s;

TEST(Csv, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(CsvCell(""), "");
  EXPECT_EQ(CsvCell("GET /cart"), "GET /cart");
  EXPECT_EQ(CsvCell("订单 😀 ümläut"), "订单 😀 ümläut");
  EXPECT_EQ(CsvCell("a=b-c"), "a=b-c");
}

TEST(Csv, QuotesWhatRfc4180AsksFor) {
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("say \"hi\""), "\"say \"\"hi\"\"\"");
}

TEST(Csv, GuardsFormulas) {
  EXPECT_EQ(CsvCell("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
  EXPECT_EQ(CsvCell("=HYPERLINK(\"http://x\",1)"), "\"'=HYPERLINK(\"\"http://x\"\",1)\"");
  EXPECT_EQ(CsvCell("+1"), "'+1");
  EXPECT_EQ(CsvCell("-1"), "'-1");
  EXPECT_EQ(CsvCell("@SUM(A1)"), "'@SUM(A1)");
  EXPECT_EQ(CsvCell("\t=1"), "'\\x09=1");
  EXPECT_EQ(CsvCell("\r=1"), "'\\x0d=1");
  EXPECT_EQ(CsvCell("\n=1"), "'\\x0a=1");
  EXPECT_EQ(CsvCell("\0=1"s), "'\\x00=1");
  EXPECT_EQ(CsvCell("＝1"), "'＝1");
  EXPECT_EQ(CsvCell("＠x"), "'＠x");
}

TEST(Csv, ShowsWhatCannotBeSeen) {
  EXPECT_EQ(CsvCell("nul\0byte"s), "nul\\x00byte");
  EXPECT_EQ(CsvCell("two\r\nlines"), "two\\x0d\\x0alines");
  EXPECT_EQ(CsvCell("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(CsvCell("a\u202eb"), "a\\u202eb");
  EXPECT_EQ(CsvCell("bad \xff utf-8"), "bad \uFFFD utf-8");
}

TEST(Csv, WritesAHeaderAndOneLineForEachRecord) {
  std::ostringstream out;
  CsvWriter writer(TimeZone::Utc(), out);
  writer.Begin({"text", "count", "real", "flag", "time", "none"});
  for (const bool flag : {true, false}) {
    writer.BeginRecord();
    writer.Text("=x");
    writer.Count(UINT64_MAX);
    writer.Real(0.0025);
    writer.Flag(flag);
    writer.Time(1'795'341'600'250);
    writer.None();
  }
  writer.Finish();
  EXPECT_EQ(out.str(),
            "text,count,real,flag,time,none\r\n"
            "'=x,18446744073709551615,0.0025,1,2026-11-22T10:00:00.250Z,\r\n"
            "'=x,18446744073709551615,0.0025,0,2026-11-22T10:00:00.250Z,\r\n");
}

TEST(Csv, WritesTheHeaderWhenThereAreNoRecords) {
  std::ostringstream out;
  CsvWriter writer(TimeZone::Utc(), out);
  writer.Begin({"a", "b"});
  writer.Finish();
  EXPECT_EQ(out.str(), "a,b\r\n");
}

}  // namespace
}  // namespace tymbal::report
