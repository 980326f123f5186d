#include "worker/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "common/slot.h"
#include "worker/decoder.h"
#include "worker/path_tree.h"
#include "worker/shipped_profiles.h"

namespace tymbal::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kFields =
    "fields: {app: a, method: m, start: s, duration: d, kind: k}\n";

std::string ReadSourceFile(const std::string& path) {
  std::ifstream file(std::string(TYMBAL_SOURCE_DIR) + "/" + path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

Profile Parsed(const std::string& yaml) {
  const auto profile = ParseProfile(yaml, "my.yaml");
  EXPECT_TRUE(profile.has_value()) << (profile ? "" : profile.error().message());
  return profile ? *profile : Profile();
}

/// Returns the message of the error, which must be one of usage that names the file.
std::string ErrorOf(const std::string& yaml) {
  const auto profile = ParseProfile(yaml, "my.yaml");
  if (profile) return "no error";
  EXPECT_EQ(profile.error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(profile.error().message(), HasSubstr("my.yaml: "));
  return profile.error().message();
}

std::string ErrorOfFields(const std::string& fields) {
  return ErrorOf("name: x\nfields: {" + fields + "}\n");
}

std::string ErrorOfRules(const std::string& rules) {
  return ErrorOf("name: x\n" + std::string(kFields) + "errors: " + rules + "\n");
}

std::vector<std::string> Texts(const std::vector<FieldPath>& paths) {
  std::vector<std::string> texts;
  for (const FieldPath& path : paths) texts.push_back(path.text);
  return texts;
}

/// Returns the text of the first fenced block of a language in a page.
std::string FencedBlock(const std::string& page, const std::string& language) {
  const std::string fence = "\n```" + language + "\n";
  const size_t begin = page.find(fence);
  const size_t end = begin == std::string::npos ? begin : page.find("\n```\n", begin + 1);
  EXPECT_NE(end, std::string::npos) << "no block of " << language;
  if (end == std::string::npos) return "";
  return page.substr(begin + fence.size(), end + 1 - begin - fence.size());
}

struct Decoded {
  Decoder::Outcome outcome = Decoder::Outcome::kRejected;
  Span span;
  Decoder::Rejection rejection;
};

/// Decodes one record; the span's texts live as long as `arena` and `record`.
Decoded Decode(const Profile& profile, std::string* record, Arena* arena) {
  auto decoder = Decoder::Create(profile, kSlotsDefault);
  EXPECT_TRUE(decoder.has_value()) << (decoder ? "" : decoder.error().message());
  Decoded decoded;
  if (!decoder) return decoded;
  const size_t size = record->size();
  record->append(kRecordPadding, ' ');
  decoded.outcome = (*decoder)->Decode(std::string_view(*record).substr(0, size), arena,
                                       &decoded.span, &decoded.rejection);
  return decoded;
}

TEST(ProfilePage, ExampleDecodesAsThePageSays) {
  const std::string page = ReadSourceFile("docs/profiles.md");
  const Profile profile = Parsed(FencedBlock(page, "yaml"));
  EXPECT_EQ(profile.name, "acme");

  std::string document = FencedBlock(page, "json");
  Arena arena;
  const auto [outcome, span, rejection] = Decode(profile, &document, &arena);
  ASSERT_EQ(outcome, Decoder::Outcome::kSpan) << RejectReasonName(rejection.reason);
  EXPECT_EQ(span.app, "checkout");
  EXPECT_EQ(span.service, "");
  EXPECT_EQ(span.method, "/cart/{id}");
  EXPECT_EQ(span.start_ms, 1'795'341'600'250);  // 2026-11-22T10:00:00.250Z
  EXPECT_EQ(span.duration_us, 12'500);
  EXPECT_TRUE(span.error);
  EXPECT_EQ(span.trace_id, "7f3a09c2");
  EXPECT_EQ(span.span_id, "01");
  EXPECT_EQ(span.weight, 1);
}

TEST(ProfilePage, ExampleCountsTheEntrySideOnly) {
  const std::string page = ReadSourceFile("docs/profiles.md");
  const Profile profile = Parsed(FencedBlock(page, "yaml"));
  std::string document = FencedBlock(page, "json");
  const std::string entry = R"("value": "server")";
  ASSERT_NE(document.find(entry), std::string::npos);
  document.replace(document.find(entry), entry.size(), R"("value": "client")");
  Arena arena;
  EXPECT_EQ(Decode(profile, &document, &arena).outcome, Decoder::Outcome::kFiltered);
}

/// Returns the text between the first `begin` and the `end` behind it.
std::string Between(const std::string& page, const std::string& begin, const std::string& end) {
  const size_t from = page.find(begin);
  const size_t to = from == std::string::npos ? from : page.find(end, from + begin.size());
  EXPECT_NE(to, std::string::npos) << begin;
  return to == std::string::npos ? "" : page.substr(from + begin.size(), to - from - begin.size());
}

TEST(ProfilePage, ConditionLeavesOutWhatThePageSays) {
  const std::string page = ReadSourceFile("docs/profiles.md");
  const std::string only = FencedBlock(page.substr(page.find("## Which documents count")), "yaml");
  const Profile profile = Parsed("name: x\n" + std::string(kFields) + only);
  Arena arena;
  for (const auto& [event, outcome] :
       {std::pair("transaction", Decoder::Outcome::kSpan), {"span", Decoder::Outcome::kFiltered}}) {
    std::string document = R"({"a":"a","m":"m","s":1795341600000,"d":1,"processor":{"event":")" +
                           std::string(event) + "\"}}";
    EXPECT_EQ(Decode(profile, &document, &arena).outcome, outcome) << event;
  }
}

TEST(ProfilePage, IdsDecodeToTheNamesBesideThem) {
  const std::string page = ReadSourceFile("docs/profiles.md");
  for (const char* decode : {"integer", "skywalking_service", "skywalking_endpoint"}) {
    const std::string row = Between(page, "\n| `" + std::string(decode) + "` | ", "\n");
    const std::string value = Between(row, "`", "`");
    const std::string quote = std::string(decode) == "integer" ? "" : "\"";
    std::string document = R"({"m":"m","s":1795341600000,"d":1,"a":)" + quote + value + quote + "}";
    const Profile profile =
        Parsed("name: x\nfields: {app: {path: a, decode: " + std::string(decode) +
               "}, method: m, start: s, duration: d}\n");
    Arena arena;
    const auto [outcome, span, rejection] = Decode(profile, &document, &arena);
    ASSERT_EQ(outcome, Decoder::Outcome::kSpan) << RejectReasonName(rejection.reason);
    EXPECT_THAT(row, HasSubstr(" | `" + std::string(span.app) + "`"));
  }
}

TEST(ProfilePage, ListsEveryShippedProfile) {
  const std::string page = ReadSourceFile("docs/profiles.md");
  for (const ShippedProfile& shipped : ShippedProfiles()) {
    EXPECT_THAT(page, HasSubstr("\n| `" + std::string(shipped.name) + "` |"));
  }
}

TEST(ShippedProfiles, AreTheFilesOfTheFolder) {
  std::set<std::string> files;
  const std::string folder = std::string(TYMBAL_SOURCE_DIR) + "/conf/profiles";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.insert(entry.path().stem().string());
  }
  std::set<std::string> names;
  for (const ShippedProfile& shipped : ShippedProfiles()) {
    names.insert(std::string(shipped.name));
    EXPECT_EQ(shipped.yaml, ReadSourceFile("conf/profiles/" + std::string(shipped.name) + ".yaml"))
        << shipped.name;
  }
  EXPECT_EQ(names, files);
}

TEST(ShippedProfiles, LoadByNameAndHaveUsablePaths) {
  for (const ShippedProfile& shipped : ShippedProfiles()) {
    const auto profile = LoadProfile(std::string(shipped.name));
    ASSERT_TRUE(profile.has_value()) << profile.error().message();
    EXPECT_EQ(profile->name, shipped.name);
    EXPECT_FALSE(profile->description.empty());
    EXPECT_TRUE(CompilePaths(*profile).has_value()) << shipped.name;
    // `--kinds entry` works with each of them that has kinds.
    EXPECT_EQ(profile->kind.empty(), profile->entry_kinds.empty()) << shipped.name;
  }
}

TEST(Profile, ReadsEveryKey) {
  const Profile profile = Parsed(R"(
name: x
description: Some documents
index: "x-*"
fields:
  app: a.b
  service: s
  method: [m1, m2]
  start: {path: [t1, t2], unit: ns}
  duration: {path: d, unit: s}
  trace_id: t
  span_id: i
  kind: "tags[key=kind].value"
  slot: slot
errors:
  - {path: e1, when: "true"}
  - {path: e2, when: present}
  - {path: e3, when: equals, values: [500, "no"]}
entry_kinds: [in, 2]
entry_only: true
)");
  EXPECT_EQ(profile.name, "x");
  EXPECT_EQ(profile.description, "Some documents");
  EXPECT_EQ(profile.index, "x-*");
  EXPECT_THAT(Texts(profile.app), ElementsAre("a.b"));
  EXPECT_THAT(Texts(profile.service), ElementsAre("s"));
  EXPECT_THAT(Texts(profile.method), ElementsAre("m1", "m2"));
  EXPECT_THAT(Texts(profile.start), ElementsAre("t1", "t2"));
  EXPECT_EQ(profile.start_unit, TimeUnit::kNanos);
  EXPECT_THAT(Texts(profile.duration), ElementsAre("d"));
  EXPECT_EQ(profile.duration_unit, TimeUnit::kSeconds);
  EXPECT_THAT(Texts(profile.trace_id), ElementsAre("t"));
  EXPECT_THAT(Texts(profile.span_id), ElementsAre("i"));
  EXPECT_THAT(Texts(profile.kind), ElementsAre("tags[key=kind].value"));
  EXPECT_THAT(Texts(profile.slot), ElementsAre("slot"));
  ASSERT_EQ(profile.errors.size(), 3);
  EXPECT_EQ(profile.errors[0].kind, ErrorRule::Kind::kBoolean);
  EXPECT_EQ(profile.errors[1].kind, ErrorRule::Kind::kPresent);
  EXPECT_EQ(profile.errors[2].kind, ErrorRule::Kind::kEquals);
  EXPECT_EQ(profile.errors[2].path.text, "e3");
  EXPECT_THAT(profile.errors[2].values, ElementsAre("500", "no"));
  EXPECT_THAT(profile.entry_kinds, ElementsAre("in", "2"));
  EXPECT_TRUE(profile.entry_only);
}

TEST(Profile, HasDefaultsForWhatIsOptional) {
  const Profile profile = Parsed("name: x\nfields: {app: a, method: m, start: s, duration: d}\n");
  EXPECT_EQ(profile.start_unit, TimeUnit::kMillis);
  EXPECT_EQ(profile.duration_unit, TimeUnit::kMicros);
  EXPECT_THAT(profile.service, IsEmpty());
  EXPECT_THAT(profile.errors, IsEmpty());
  EXPECT_FALSE(profile.entry_only);
}

TEST(Profile, ReadsTheKeysForSearchServers) {
  const Profile profile = Parsed(R"(
name: x
time_field: {path: ts.us, unit: us}
slot_read: field
only:
  - {path: event, equals: [call, 7]}
  - {path: "tags[key=v].value", equals: ["true"]}
fields:
  app: {path: [a, b.c], decode: integer}
  service: {path: s, decode: skywalking_service}
  method: {path: m, decode: skywalking_endpoint}
  start: [s1, s2]
  duration: d
  weight: {path: w}
  slot: {path: n, function: cicada, count: 77}
)");
  EXPECT_EQ(profile.time_field, "ts.us");
  EXPECT_EQ(profile.time_unit, TimeUnit::kMicros);
  EXPECT_EQ(profile.slot_read, SlotRead::kField);
  EXPECT_EQ(profile.slot_function, SlotFunction::kCicada);
  EXPECT_EQ(profile.slot_count, 77);
  EXPECT_THAT(Texts(profile.weight), ElementsAre("w"));
  ASSERT_EQ(profile.only.size(), 2);
  EXPECT_EQ(profile.only[0].path.text, "event");
  EXPECT_THAT(profile.only[0].values, ElementsAre("call", "7"));
  EXPECT_EQ(profile.app[0].form, NameForm::kInteger);
  EXPECT_EQ(profile.app[1].form, NameForm::kInteger);
  EXPECT_EQ(profile.service[0].form, NameForm::kSkywalkingService);
  EXPECT_EQ(profile.method[0].form, NameForm::kSkywalkingEndpoint);
}

TEST(Profile, TakesTheStartForTheTimeFieldWhereItIsOneField) {
  const auto time_field = [](const std::string& start) {
    const Profile profile =
        Parsed("name: x\nfields: {app: a, method: m, duration: d, start: " + start + "}\n");
    return std::pair(profile.time_field, profile.time_unit);
  };
  EXPECT_EQ(time_field("s.t"), std::pair(std::string("s.t"), TimeUnit::kMillis));
  EXPECT_EQ(time_field("{path: s, unit: iso}"), std::pair(std::string("s"), TimeUnit::kIso));
  EXPECT_EQ(time_field("[s, t]").first, "");
  EXPECT_EQ(time_field("\"s[k=v].t\"").first, "");
}

TEST(Profile, NamesWhatIsWrongInTheKeysForSearchServers) {
  const std::string fields(kFields);
  EXPECT_THAT(ErrorOf("name: x\ntime_field: s\n" + fields), HasSubstr("time_field must be a map"));
  EXPECT_THAT(ErrorOf("name: x\ntime_field: {path: 't[k=v].w'}\n" + fields),
              HasSubstr("'time_field.path': must be a field that is in no list"));
  EXPECT_THAT(ErrorOf("name: x\ntime_field: {unit: ms}\n" + fields),
              HasSubstr("'time_field.path'"));
  EXPECT_THAT(ErrorOf("name: x\ntime_field: {path: s, unit: iso}\n" + fields),
              HasSubstr("'time_field.unit': must be date, s, ms, us or ns"));
  EXPECT_THAT(ErrorOf("name: x\nslot_read: fast\n" + fields),
              HasSubstr("'slot_read': must be auto, field, group or scan"));
  EXPECT_THAT(ErrorOf("name: x\nslot_read: field\n" + fields), HasSubstr("needs fields.slot"));
  const std::string others = "method: m, start: s, duration: d, ";
  EXPECT_THAT(ErrorOfFields(others + "app: {path: a, decode: base64}"),
              HasSubstr("'fields.app.decode': must be integer, skywalking_service or "));
  EXPECT_THAT(ErrorOfFields(others + "app: a, trace_id: {path: a, decode: integer}"),
              HasSubstr("'decode'"));
  EXPECT_THAT(ErrorOfFields(others + "app: a, slot: {path: n, function: mine}"),
              HasSubstr("'fields.slot.function': must be tymbal or cicada"));
  EXPECT_THAT(ErrorOfFields(others + "app: a, slot: {path: n, count: 5}"),
              HasSubstr("'fields.slot.count': belongs to other functions"));
  for (const char* count : {"0", "-1", "x", "2147483648"}) {
    EXPECT_THAT(ErrorOfFields(others + "app: a, slot: {path: n, function: cicada, count: " +
                              std::string(count) + "}"),
                HasSubstr("must be a number from 1 to 2147483647"));
  }
}

TEST(Profile, RefusesConditionsThatSayNothing) {
  const auto error_of = [](const std::string& only) {
    return ErrorOf("name: x\n" + std::string(kFields) + "only: " + only + "\n");
  };
  EXPECT_THAT(error_of("{path: e, equals: [x]}"), HasSubstr("must be a list of conditions"));
  EXPECT_THAT(error_of("[{equals: [x]}]"), HasSubstr("has no path"));
  EXPECT_THAT(error_of("[{path: 'a..b', equals: [x]}]"), HasSubstr("is no field path"));
  EXPECT_THAT(error_of("[{path: e}]"), HasSubstr("needs a list of values"));
  EXPECT_THAT(error_of("[{path: e, equals: []}]"), HasSubstr("needs a list of values"));
  EXPECT_THAT(error_of("[{path: e, equals: x}]"), HasSubstr("needs a list of values"));
  EXPECT_THAT(error_of("[{path: e, is: [x]}]"), HasSubstr("'is'"));
}

TEST(Profile, NamesAMissingKey) {
  EXPECT_THAT(ErrorOf(std::string(kFields)), HasSubstr("name is missing"));
  EXPECT_THAT(ErrorOf("name: x\n"), HasSubstr("'fields': is missing"));
  EXPECT_THAT(ErrorOfFields("method: m, start: s, duration: d"), HasSubstr("'fields.app'"));
  EXPECT_THAT(ErrorOfFields("app: a, start: s, duration: d"), HasSubstr("'fields.method'"));
  EXPECT_THAT(ErrorOfFields("app: a, method: m, duration: d"), HasSubstr("'fields.start'"));
  EXPECT_THAT(ErrorOfFields("app: a, method: m, start: s"), HasSubstr("'fields.duration'"));
  EXPECT_THAT(ErrorOfFields("app: [], method: m, start: s, duration: d"),
              HasSubstr("'fields.app'"));
}

TEST(Profile, NamesAnUnknownKeyAndTheKnownOnes) {
  EXPECT_THAT(ErrorOf("name: x\ntitle: y\n" + std::string(kFields)),
              AllOf(HasSubstr("'title'"), HasSubstr("entry_only")));
  EXPECT_THAT(ErrorOfFields("app: a, method: m, start: s, duration: d, host: h"),
              AllOf(HasSubstr("'host'"), HasSubstr("trace_id")));
  EXPECT_THAT(ErrorOfFields("app: a, method: m, start: {field: s}, duration: d"),
              AllOf(HasSubstr("'field'"), HasSubstr("path, unit")));
  EXPECT_THAT(ErrorOfRules("[{path: e, when: present, if: x}]"),
              AllOf(HasSubstr("'if'"), HasSubstr("path, values, when")));
}

TEST(Profile, RefusesUnitsThatTheFieldCannotHave) {
  EXPECT_THAT(ErrorOfFields("app: a, method: m, start: {path: s, unit: min}, duration: d"),
              AllOf(HasSubstr("'fields.start.unit': 'min'"), HasSubstr("iso")));
  EXPECT_THAT(ErrorOfFields("app: a, method: m, start: s, duration: {path: d, unit: iso}"),
              HasSubstr("'fields.duration.unit': 'iso'"));
  EXPECT_THAT(ErrorOfFields("app: {path: a, unit: ms}, method: m, start: s, duration: d"),
              HasSubstr("'fields.app.unit': 'ms'"));
}

TEST(Profile, RefusesErrorRulesThatSayNothing) {
  EXPECT_THAT(ErrorOfRules("{path: e, when: present}"), HasSubstr("must be a list"));
  EXPECT_THAT(ErrorOfRules("[{when: present}]"), HasSubstr("has no path"));
  EXPECT_THAT(ErrorOfRules("[{path: e}]"), HasSubstr("must be true, present or equals"));
  EXPECT_THAT(ErrorOfRules("[{path: e, when: is}]"), HasSubstr("must be true, present or equals"));
  EXPECT_THAT(ErrorOfRules("[{path: e, when: equals}]"), HasSubstr("needs values"));
  EXPECT_THAT(ErrorOfRules("[{path: e, when: equals, values: []}]"), HasSubstr("needs values"));
}

TEST(Profile, RefusesEntryOnlyWithoutKinds) {
  EXPECT_THAT(ErrorOf("name: x\nentry_only: true\n" + std::string(kFields)),
              HasSubstr("needs fields.kind and entry_kinds"));
  EXPECT_THAT(ErrorOf("name: x\nentry_only: true\nentry_kinds: [in]\n"
                      "fields: {app: a, method: m, start: s, duration: d}\n"),
              HasSubstr("needs fields.kind and entry_kinds"));
}

TEST(Profile, RefusesWhatIsNoYamlOrNoMap) {
  EXPECT_THAT(ErrorOf("name: x\nfields: {app: a\n"), HasSubstr("line 3"));
  EXPECT_THAT(ErrorOf("just text"), HasSubstr("must be a map"));
  EXPECT_THAT(ErrorOf("- a\n"), HasSubstr("must be a map"));
  EXPECT_THAT(ErrorOf("# nothing\n"), HasSubstr("must be a map"));
  EXPECT_THAT(ErrorOf("name: x\nfields: [a, b]\n"), HasSubstr("fields must be a map"));
}

TEST(LoadProfile, NamesTheShippedOnesWhenThereIsNoSuchName) {
  const auto profile = LoadProfile("zipkn");
  ASSERT_FALSE(profile.has_value());
  EXPECT_EQ(profile.error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(profile.error().message(),
              AllOf(HasSubstr("'zipkn'"),
                    HasSubstr("cicada, elastic-apm, jaeger, otel, skywalking, tymbal, zipkin")));
}

TEST(LoadProfile, TakesADotOrSlashForAPath) {
  const std::string folder = std::string(TYMBAL_SOURCE_DIR) + "/conf/profiles/";
  const auto profile = LoadProfile(folder + "zipkin.yaml");
  ASSERT_TRUE(profile.has_value()) << profile.error().message();
  EXPECT_EQ(profile->name, "zipkin");
  for (const std::string path : {"zipkin.yaml", "./zipkin", "no/such"}) {
    const auto missing = LoadProfile(path);
    ASSERT_FALSE(missing.has_value()) << path;
    EXPECT_EQ(missing.error().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(missing.error().message(), HasSubstr("can't read " + path));
  }
}

}  // namespace
}  // namespace tymbal::worker
