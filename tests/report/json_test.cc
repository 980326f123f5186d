#include "report/json.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace tymbal::report {
namespace {

using std::string_literals::operator""s;

TEST(Json, QuotesTextAndLosesNothing) {
  EXPECT_EQ(JsonText("GET /\"cart\"\\"), R"("GET /\"cart\"\\")");
  EXPECT_EQ(JsonText("订单 😀"), "\"订单 😀\"");
  EXPECT_EQ(JsonText("nul\0byte"s), R"("nul\u0000byte")");
  EXPECT_EQ(JsonText("\xed\xa0\x80"), R"("\ud800")");
  EXPECT_EQ(JsonText("bad \xff"), "\"bad \uFFFD\"");
}

TEST(Json, EscapesWhatWouldHarmATerminal) {
  EXPECT_EQ(JsonText("\x1b[2J"), R"("\u001b[2J")");
  EXPECT_EQ(JsonText("\u009b31m"), R"("\u009b31m")");
  EXPECT_EQ(JsonText("a\u202eb\ufeff"), R"("a\u202eb\ufeff")");
  EXPECT_EQ(JsonText("\U000E0041"), R"("\udb40\udc41")");
}

TEST(Json, WritesAnArrayWithOneObjectALine) {
  std::ostringstream out;
  JsonWriter writer(TimeZone::Utc(), out);
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
  EXPECT_EQ(out.str(), R"([
{"text":"=x","count":18446744073709551615,"real":0.0025,"flag":true,"time":"2026-11-22T10:00:00.250Z","none":null},
{"text":"=x","count":18446744073709551615,"real":0.0025,"flag":false,"time":"2026-11-22T10:00:00.250Z","none":null}
]
)");
}

TEST(Json, WritesAnEmptyArrayWhenThereAreNoRecords) {
  std::ostringstream out;
  JsonWriter writer(TimeZone::Utc(), out);
  writer.Begin({"a", "b"});
  writer.Finish();
  EXPECT_EQ(out.str(), "[]\n");
}

}  // namespace
}  // namespace tymbal::report
