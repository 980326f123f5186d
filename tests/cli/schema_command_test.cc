#include "cli/schema_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/exit_code.h"

namespace tymbal::cli {
namespace {

using ::testing::HasSubstr;

/// What the fake found; shared with the test.
struct Fake {
  SchemaState state = {.version = 2, .known = 2, .server = "Fake 1.0", .warnings = {}};
  RetainOptions asked;
};

class FakeAdmin : public SchemaAdmin {
 public:
  explicit FakeAdmin(Fake& fake) : fake_(fake) {}
  Result<SchemaState> ReadState() override { return fake_.state; }
  Result<int64_t> Migrate(int64_t /*now_ms*/) override {
    const int64_t applied = fake_.state.known - fake_.state.version;
    fake_.state.version = fake_.state.known;
    return applied;
  }
  Result<RetainReport> Retain(const RetainOptions& options) override {
    fake_.asked = options;
    RetainReport report;
    report.cutoff_ms = 86'400'000;
    report.runs = 3;
    report.partitions_dropped = {"t.p1", "t.p2"};
    return report;
  }

 private:
  Fake& fake_;
};

struct Ended {
  int code;
  std::string out;
  std::string err;
};

Ended Schema(const SchemaOptions& options, Fake& fake) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunSchema(
      options, 5,
      [&fake](const std::string&) -> Result<std::unique_ptr<SchemaAdmin>> {
        return std::unique_ptr<SchemaAdmin>(std::make_unique<FakeAdmin>(fake));
      },
      out, err);
  return {code, out.str(), err.str()};
}

TEST(SchemaCommand, SaysWhatAMigrationDid) {
  Fake fake;
  fake.state.version = 0;
  EXPECT_EQ(Schema({.action = "migrate"}, fake).out,
            "Applied 2 migrations; the schema is at 2 now.\n");
  EXPECT_EQ(Schema({.action = "migrate"}, fake).out, "The schema is up to date, at 2.\n");
}

TEST(SchemaCommand, FailsACheckThatHasSomethingToWarnOf) {
  Fake fake;
  EXPECT_EQ(Schema({.action = "check"}, fake).code, kExitOk);
  fake.state.warnings = {"the disk smells"};
  const Ended ended = Schema({.action = "check"}, fake);
  EXPECT_EQ(ended.code, kExitFailed);
  EXPECT_THAT(ended.out, HasSubstr("warning  the disk smells\n"));
  EXPECT_EQ(Schema({.action = "status"}, fake).code, kExitOk) << "status only shows";
  fake.state.version = 1;
  EXPECT_EQ(Schema({.action = "check"}, fake).code, kExitUsage);
  EXPECT_THAT(Schema({.action = "check"}, fake).err, HasSubstr("tymbal schema migrate"));
}

TEST(SchemaCommand, SaysWhatRetentionDidOrWouldDo) {
  Fake fake;
  EXPECT_EQ(Schema({.action = "retain", .days = 7, .dry_run = true}, fake).out,
            "Would delete 3 runs of periods before 1970-01-02 00:00:00Z.\n"
            "Would drop partitions: t.p1, t.p2\n");
  EXPECT_EQ(fake.asked.days, 7);
  EXPECT_EQ(fake.asked.now_ms, 5);
  EXPECT_TRUE(fake.asked.dry_run);
  EXPECT_THAT(Schema({.action = "retain"}, fake).out, HasSubstr("Deleted 3 runs"));
  EXPECT_FALSE(fake.asked.dry_run);
}

TEST(SchemaCommand, ShowsTheErrorOfAStoreThatCannotBeOpened) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunSchema(
      {.action = "status"}, 5,
      [](const std::string&) -> Result<std::unique_ptr<SchemaAdmin>> {
        return InvalidArgument("no \x1b[31m such");
      },
      out, err);
  EXPECT_EQ(code, kExitUsage);
  EXPECT_EQ(err.str(), "tymbal schema status: no \\x1b[31m such\n");
}

}  // namespace
}  // namespace tymbal::cli
