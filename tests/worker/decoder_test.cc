#include "worker/decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "common/histogram.h"
#include "common/slot.h"

namespace tymbal::worker {
namespace {

class DecoderTest : public testing::Test {
 protected:
  explicit DecoderTest(const std::string& profile = "tymbal") { Use(*LoadProfile(profile)); }

  void Use(const Profile& profile, Decoder::Form form = Decoder::Form::kDocument) {
    auto decoder = Decoder::Create(profile, kSlotsDefault, form);
    ASSERT_TRUE(decoder) << decoder.error().message();
    decoder_ = std::move(*decoder);
  }

  Decoder::Outcome Decode(const std::string& record) {
    padded_ = record + std::string(kRecordPadding, ' ');
    return decoder_->Decode(std::string_view(padded_).substr(0, record.size()), &texts_, &span_,
                            &rejection_);
  }

  /// The reason for which a record is rejected, or nothing.
  std::optional<RejectReason> Reason(const std::string& record) {
    if (Decode(record) != Decoder::Outcome::kRejected) return std::nullopt;
    return rejection_.reason;
  }

  /// A native record with the given members in place of the usual ones.
  static std::string Record(const std::string& duration, const std::string& start = "1795341600000",
                            const std::string& method = R"("m")", const std::string& more = "") {
    return R"({"app":"a","service":"s","method":)" + method + R"(,"start_time":)" + start +
           R"(,"duration_us":)" + duration + more + "}";
  }

  std::unique_ptr<Decoder> decoder_;
  std::string padded_;
  Arena texts_;
  Span span_;
  Decoder::Rejection rejection_;
};

TEST_F(DecoderTest, ReadsColumnsAsSortValues) {
  decoder_ = *Decoder::CreateForSortValues(
      *LoadProfile("tymbal"), kSlotsDefault,
      {"start_time", "app", "duration_us", "error", "method", "service"});
  for (int round = 0; round < 2; ++round) {  // By the parser, and by the shape.
    ASSERT_EQ(Decode(R"([1795341600007,"a",42,1,"m \"q\"","",12345])"), Decoder::Outcome::kSpan);
    EXPECT_EQ(span_.start_ms, 1'795'341'600'007);
    EXPECT_EQ(span_.app, "a");
    EXPECT_EQ(span_.duration_us, 42U);
    EXPECT_TRUE(span_.error);
    EXPECT_EQ(span_.method, "m \"q\"");
    EXPECT_EQ(span_.service, "");
    ASSERT_EQ(Decode(R"([1795341600007,"a",42,0,"m","s",12346])"), Decoder::Outcome::kSpan);
    EXPECT_FALSE(span_.error);
  }
  EXPECT_EQ(Reason(R"([1795341600007,"a",42,2,"m","s"])"), RejectReason::kWrongType);
  EXPECT_EQ(Reason(R"([1795341600007,"a",42,0,"m"])"), RejectReason::kMalformed) << "one lacks";
  EXPECT_EQ(Reason(R"({"app":"a"})"), RejectReason::kMalformed);
}

TEST_F(DecoderTest, ReadsEveryFieldInAnyOrder) {
  ASSERT_EQ(Decode(R"({"kind":"server","span_id":"s1","error":true,"x":{"app":"no"},"trace_id":"t1",
                       "duration_us":12,"start_time":1795341600001,"method":"m","service":"s","app":"a"})"),
            Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.app, "a");
  EXPECT_EQ(span_.service, "s");
  EXPECT_EQ(span_.method, "m");
  EXPECT_EQ(span_.trace_id, "t1");
  EXPECT_EQ(span_.span_id, "s1");
  EXPECT_EQ(span_.start_ms, 1795341600001);
  EXPECT_EQ(span_.duration_us, 12U);
  EXPECT_TRUE(span_.error);
}

TEST_F(DecoderTest, OptionalFieldsMayBeMissingOrNull) {
  ASSERT_EQ(
      Decode(
          R"({"app":"a","service":null,"method":"m","start_time":1795341600001,"duration_us":0,"error":null})"),
      Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.service, "");
  EXPECT_FALSE(span_.error);
  EXPECT_EQ(span_.trace_id, "");
}

TEST_F(DecoderTest, NothingOfARecordStaysForTheNextOne) {
  ASSERT_EQ(Decode(Record("5", "1795341600000", R"("m")", R"(,"error":true,"trace_id":"t")")),
            Decoder::Outcome::kSpan);
  ASSERT_EQ(Decode(Record("6")), Decoder::Outcome::kSpan);
  EXPECT_FALSE(span_.error);
  EXPECT_EQ(span_.trace_id, "");
}

TEST_F(DecoderTest, RejectsByReason) {
  EXPECT_EQ(Reason("{"), RejectReason::kMalformed);
  EXPECT_EQ(Reason("[]"), RejectReason::kMalformed);
  EXPECT_EQ(Reason("5"), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("1") + "x"), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("1") + Record("1")), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("NaN")), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "\"\xff\"")), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "\"a\nb\"")), RejectReason::kMalformed);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("\x")")), RejectReason::kMalformed);
  EXPECT_EQ(Reason(R"({"app":"a" "method":"m"})"), RejectReason::kMalformed);

  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", R"(,"app":"b")")),
            RejectReason::kDuplicateField);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", R"(,"error":false,"error":true)")),
            RejectReason::kDuplicateField);
  EXPECT_EQ(Reason(Record("\"1\"")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("[1]")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("true")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("1", "\"2026-11-22T10:00Z\"")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "5")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "{\"m\":1}")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", R"(,"error":"yes")")),
            RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", R"(,"trace_id":7)")),
            RejectReason::kWrongType);

  EXPECT_EQ(Reason(R"({"method":"m","start_time":1795341600000,"duration_us":1})"),
            RejectReason::kMissingApp);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "\"\"")), RejectReason::kMissingMethod);
  EXPECT_EQ(Reason(Record("1", "null")), RejectReason::kMissingStart);
  EXPECT_EQ(Reason(Record("null")), RejectReason::kMissingDuration);
  EXPECT_EQ(Reason(Record("1", "1795341600")), RejectReason::kStartRange);
  EXPECT_EQ(Reason(Record("1", "1795341600000000")), RejectReason::kStartRange);
  EXPECT_EQ(Reason(Record("1", "-1")), RejectReason::kStartRange);
  EXPECT_EQ(Reason(Record("1", "1e300")), RejectReason::kStartRange);
  EXPECT_EQ(Reason(Record("-1")), RejectReason::kDurationNegative);
  EXPECT_EQ(Reason(Record("9223372036854775808")), RejectReason::kDurationTooLong);
  EXPECT_EQ(Reason(Record("18446744073709551616")), RejectReason::kDurationTooLong);
  EXPECT_EQ(Reason(Record("1e400")), RejectReason::kDurationTooLong);
  EXPECT_EQ(Reason(Record(std::to_string(kDurationMaxUs + 1))), RejectReason::kDurationTooLong);
  EXPECT_EQ(Reason(Record("1.5")), RejectReason::kDurationFraction);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "\"" + std::string(4097, 'x') + "\"")),
            RejectReason::kNameTooLong);
}

TEST_F(DecoderTest, AcceptsTheEdges) {
  EXPECT_EQ(Reason(Record("0")), std::nullopt);
  EXPECT_EQ(Reason(Record("-0")), std::nullopt);
  EXPECT_EQ(Reason(Record("12.0")), std::nullopt);
  EXPECT_EQ(span_.duration_us, 12U);
  EXPECT_EQ(Reason(Record(std::to_string(kDurationMaxUs))), std::nullopt);
  EXPECT_EQ(Reason(Record("1", "1795341600000", "\"" + std::string(4096, 'x') + "\"")),
            std::nullopt);
  EXPECT_EQ(Reason(" \t" + Record("1") + " \r"), std::nullopt);
}

TEST_F(DecoderTest, DeepNestingEndsInARejection) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const auto reason = Reason(Record("1", "1795341600000", R"("m")", ",\"x\":" + deep));
  EXPECT_TRUE(!reason || *reason == RejectReason::kMalformed);
  EXPECT_EQ(Reason(std::string(100'000, '{')), RejectReason::kMalformed);
}

TEST_F(DecoderTest, ARejectedRecordKeepsItsPlaceWhereTheStartIsKnown) {
  ASSERT_TRUE(Reason(Record("-1")));
  EXPECT_EQ(rejection_.start_ms, 1795341600000);
  ASSERT_TRUE(Reason(Record("1", "null")));
  EXPECT_EQ(rejection_.start_ms, std::nullopt);
}

TEST_F(DecoderTest, AWrongSlotIsAnErrorARightOneIsNot) {
  const uint32_t slot = SlotOf("a", "s", "m", kSlotsDefault);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", ",\"slot\":" + std::to_string(slot))),
            std::nullopt);
  EXPECT_EQ(Reason(Record("1", "1795341600000", R"("m")", ",\"slot\":" + std::to_string(slot + 1))),
            RejectReason::kWrongSlot);
}

class ZipkinDecoderTest : public DecoderTest {
 protected:
  ZipkinDecoderTest() : DecoderTest("zipkin") {}
};

TEST_F(ZipkinDecoderTest, ReadsAServerSpan) {
  ASSERT_EQ(
      Decode(R"({"traceId":"t","id":"i","kind":"SERVER","name":"get /","timestamp":1521186011926999,
                       "duration":2839,"localEndpoint":{"ipv4":"10.0.0.1","serviceName":"frontend"},
                       "remoteEndpoint":{"serviceName":"no"},"tags":{"error":""}})"),
      Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.app, "frontend");
  EXPECT_EQ(span_.service, "");
  EXPECT_EQ(span_.method, "get /");
  EXPECT_EQ(span_.start_ms, 1521186011926);
  EXPECT_EQ(span_.duration_us, 2839U);
  EXPECT_TRUE(span_.error);
}

TEST_F(ZipkinDecoderTest, CountsTheEntrySideOnly) {
  EXPECT_EQ(Decode(R"({"kind":"CLIENT","name":"x"})"), Decoder::Outcome::kFiltered);
  EXPECT_EQ(Decode(R"({"kind":null,"name":"x"})"), Decoder::Outcome::kFiltered);
  EXPECT_EQ(Decode(R"({"name":"x"})"), Decoder::Outcome::kFiltered);
  EXPECT_EQ(Decode(R"({"kind":"consumer","name":"x"})"), Decoder::Outcome::kRejected);
}

class JaegerDecoderTest : public DecoderTest {
 protected:
  JaegerDecoderTest() : DecoderTest("jaeger") {}

  static std::string Span(const std::string& tags) {
    return R"({"traceID":"t","spanID":"s","operationName":"op","startTime":1485467191639875,)"
           R"("duration":5,"process":{"serviceName":"service-x","tags":[]},)" +
           tags + "}";
  }
};

TEST_F(JaegerDecoderTest, ReadsTagsFromAList) {
  ASSERT_EQ(
      Decode(Span(
          R"("tags":[{"key":"x","value":[1]},{"value":"server","key":"span.kind","type":"string"},
                          {"key":"error","type":"bool","value":true}, 5])")),
      Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.app, "service-x");
  EXPECT_EQ(span_.method, "op");
  EXPECT_TRUE(span_.error);
}

TEST_F(JaegerDecoderTest, ReadsTagsAsFields) {
  ASSERT_EQ(Decode(Span(R"("tag":{"error":"true","span@kind":"consumer"})")),
            Decoder::Outcome::kSpan);
  EXPECT_TRUE(span_.error);
  ASSERT_EQ(Decode(Span(R"("tag.span@kind":"server","tag":{"error":"false"})")),
            Decoder::Outcome::kSpan);
  EXPECT_FALSE(span_.error);
}

TEST_F(JaegerDecoderTest, OfARepeatedTagTheFirstCounts) {
  ASSERT_EQ(
      Decode(Span(
          R"("tags":[{"key":"span.kind","value":"server"},{"key":"span.kind","value":"client"}])")),
      Decoder::Outcome::kSpan);
}

TEST_F(DecoderTest, DottedNamesMatchNestedObjectsAndLiteralDots) {
  const auto profile = ParseProfile(
      "name: t\nfields: {app: r.a.s, method: m, start: {path: at, unit: iso}, duration: {path: d, "
      "unit: ns}}\n",
      "test");
  ASSERT_TRUE(profile) << profile.error().message();
  Use(*profile);
  for (const char* app :
       {R"("r":{"a":{"s":"x"}})", R"("r.a.s":"x")", R"("r":{"a.s":"x"})", R"("r.a":{"s":"x"})"}) {
    ASSERT_EQ(
        Decode("{" + std::string(app) + R"(,"m":"m","at":"2026-11-22T10:00:00.5Z","d":1999})"),
        Decoder::Outcome::kSpan)
        << app;
    EXPECT_EQ(span_.app, "x");
    EXPECT_EQ(span_.start_ms, 1795341600500);
    EXPECT_EQ(span_.duration_us, 1U);
  }
}

TEST_F(DecoderTest, ConvertsUnits) {
  const auto decode = [this](const std::string& unit, const std::string& start,
                             const std::string& duration) {
    Use(*ParseProfile("name: t\nfields: {app: a, method: m, start: {path: s, unit: " + unit +
                          "}, duration: {path: d, unit: " + unit + "}}\n",
                      "test"));
    return Decode(R"({"a":"a","m":"m","s":)" + start + ",\"d\":" + duration + "}");
  };
  ASSERT_EQ(decode("s", "1795341600.123", "1.5"), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.start_ms, 1795341600123);
  EXPECT_EQ(span_.duration_us, 1'500'000U);
  ASSERT_EQ(decode("ms", "1795341600123", "0.25"), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.duration_us, 250U);
  ASSERT_EQ(decode("us", "1795341600123999", "7"), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.start_ms, 1795341600123);
  ASSERT_EQ(decode("ns", "1795341600123999999", "7999"), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.start_ms, 1795341600123);
  EXPECT_EQ(span_.duration_us, 7U);
}

TEST_F(DecoderTest, CountsOnlyWhatMeetsEveryCondition) {
  Use(
      *ParseProfile("name: t\nonly: [{path: e.v, equals: [x, 7]}, {path: 't[k=n].v', equals: "
                    "['true']}]\nfields: {app: a, method: m, start: s, duration: d}\n",
                    "test"));
  const auto decode = [this](const std::string& members) {
    return Decode(R"({"a":"a","m":"m","s":1795341600000,"d":1)" + members + "}");
  };
  const std::string tag = R"(,"t":[{"k":"n","v":true},{"k":"n","v":false}])";
  EXPECT_EQ(decode(R"(,"e":{"v":"x"})" + tag), Decoder::Outcome::kSpan);
  EXPECT_EQ(decode(R"(,"e.v":7)" + tag), Decoder::Outcome::kSpan);
  EXPECT_EQ(decode(tag), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decode(R"(,"e":{"v":"x"})"), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decode(R"(,"e":{"v":"X"})" + tag), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decode(R"(,"e":{"v":null})" + tag), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decode(R"(,"e":{"v":["x"]})" + tag), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decode(R"(,"e":{"v":"x"},"e.v":"x")" + tag), Decoder::Outcome::kRejected);  // Twice.
  EXPECT_EQ(Decode(R"({"e":{"v":"x"})" + tag + "}"), Decoder::Outcome::kRejected);
}

TEST_F(DecoderTest, AFractionOfTheLastMillisecondIsCutNotRounded) {
  Use(
      *ParseProfile("name: t\nfields: {app: a, method: m, start: {path: s, unit: iso}, "
                    "duration: d}\n",
                    "test"));
  ASSERT_EQ(Decode(R"({"a":"a","m":"m","s":"1795341599999.999999","d":1})"),
            Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.start_ms, 1795341599999);
}

TEST_F(DecoderTest, ANameOfDigitsIsThatOfTheNumber) {
  Use(
      *ParseProfile("name: t\nfields: {app: {path: a, decode: integer}, method: m, start: s, "
                    "duration: d}\n",
                    "test"));
  const auto app = [this](const std::string& number) {
    const auto outcome = Decode(R"({"a":)" + number + R"(,"m":"m","s":1795341600000,"d":1})");
    return outcome == Decoder::Outcome::kSpan ? std::string(span_.app)
                                              : std::string(RejectReasonName(rejection_.reason));
  };
  EXPECT_EQ(app("12"), "12");
  EXPECT_EQ(app("-7"), "-7");
  EXPECT_EQ(app("0"), "0");
  EXPECT_EQ(app("-0"), "0");
  EXPECT_EQ(app("99999999999999999999"), "99999999999999999999");
  EXPECT_EQ(app("1.0"), "wrong_type");
  EXPECT_EQ(app("\"12\""), "wrong_type");
  EXPECT_EQ(app("{}"), "wrong_type");
  EXPECT_EQ(app("012"), "malformed");
  EXPECT_EQ(app("null"), "missing_app");
}

TEST_F(DecoderTest, NumbersInQuotesCountOnlyInADocumentThatAnIndexHasTaken) {
  const std::string slot = std::to_string(SlotOf("a", "s", "m", kSlotsDefault));
  const std::string more = ",\"slot\":\"" + slot + "\"";
  const std::string record = Record(R"("12")", R"("2026-11-22T10:00:00.001Z")", R"("m")", more);
  EXPECT_EQ(Reason(record), RejectReason::kWrongType);
  Use(*LoadProfile("tymbal"), Decoder::Form::kIndexed);
  ASSERT_EQ(Decode(record), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.duration_us, 12U);
  EXPECT_EQ(span_.start_ms, 1795341600001);
  ASSERT_EQ(Decode(Record("12", R"("1795341600007")")), Decoder::Outcome::kSpan);
  EXPECT_EQ(span_.start_ms, 1795341600007);
  EXPECT_EQ(Reason(Record(R"("x")")), RejectReason::kMalformed);
  // A text stays a text, also one that reads null.
  EXPECT_EQ(Reason(Record("1", "1795341600000", "7")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record(R"("null")")), RejectReason::kWrongType);
  EXPECT_EQ(Reason(Record("12", "1795341600000", R"("m")", R"(,"slot":"null")")),
            RejectReason::kWrongType);
}

TEST_F(DecoderTest, TellsTheSlotOfWhatItLeavesOut) {
  Profile profile = *LoadProfile("tymbal");
  profile.entry_only = true;
  Use(profile);
  ASSERT_EQ(Decode(Record("1", "1795341600000", R"("m")", R"(,"kind":"client")")),
            Decoder::Outcome::kFiltered);
  EXPECT_EQ(decoder_->SlotOfLast(&texts_), SlotOf("a", "s", "m", kSlotsDefault));
  ASSERT_EQ(Decode(R"({"app":"a","slot":77})"), Decoder::Outcome::kFiltered);
  EXPECT_EQ(decoder_->SlotOfLast(&texts_), 77U);
}

TEST(DecoderProfile, RefusesPathsThatCantBeUnderstood) {
  for (const char* path :
       {"a..b", ".a", "a[", "a[k]", "a[k=].v", "a[k=v]", "a.b.c.d.e.f.g", "a\\\""}) {
    Profile profile = *LoadProfile("tymbal");
    profile.app = {{path}};
    EXPECT_FALSE(Decoder::Create(profile, kSlotsDefault)) << path;
  }
}

}  // namespace
}  // namespace tymbal::worker
