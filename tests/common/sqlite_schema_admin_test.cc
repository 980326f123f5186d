#include "common/sqlite_schema_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "common/sqlite_db.h"
#include "common/sqlite_result_store.h"
#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int64_t kNowMs = 1'790'000'000'000;

class SqliteSchemaAdminTest : public ::testing::Test {
 protected:
  /// Each test has a file of its own: ctest runs them side by side.
  SqliteSchemaAdminTest()
      : path_(::testing::TempDir() + "schema_admin_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db") {
    Remove();
  }
  ~SqliteSchemaAdminTest() override { Remove(); }
  void Remove() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }
  std::string path_;
};

TEST_F(SqliteSchemaAdminTest, MakesTheStoreOnceAndSaysWhatItFound) {
  const auto admin = MakeSqliteSchemaAdmin(path_);
  EXPECT_EQ(CodeOf(admin->ReadState()), StatusCode::kNotFound);
  EXPECT_GT(Take(admin->Migrate(kNowMs)), 0);
  EXPECT_EQ(Take(admin->Migrate(kNowMs)), 0);
  const SchemaState state = Take(admin->ReadState());
  EXPECT_EQ(state.version, state.known);
  EXPECT_THAT(state.warnings, IsEmpty());
}

TEST_F(SqliteSchemaAdminTest, DeletesExpiredRunsWithAllTheirRows) {
  const auto store =
      Take(SqliteResultStore::Open({.path = path_, .create = true, .now = [] { return kNowMs; }}));
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  for (const int64_t day : {-30, -20, -1}) {
    const int64_t start_ms = DayStart(kNowMs) + day * kDayMs;
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan({start_ms, start_ms + 1000})));
    const std::vector<StatRow> rows = {Method("a")};
    FragmentCommit commit;
    commit.run = run.id;
    commit.token = run.fragments[0].token;
    commit.rows = &rows;
    Take(store->CommitFragment(commit));
    Expect(store->PublishRun(epoch, run.id, {.ranking = RankingOf(rows)}));
  }
  const auto admin = MakeSqliteSchemaAdmin(path_);
  RetainOptions options = {.now_ms = kNowMs, .days = 10, .dry_run = true};
  EXPECT_EQ(Take(admin->Retain(options)).runs, 2U);
  EXPECT_THAT(Take(store->ReadStats({})), SizeIs(3)) << "nothing was done";
  options.dry_run = false;
  EXPECT_EQ(Take(admin->Retain(options)).runs, 2U);
  EXPECT_EQ(Take(admin->Retain(options)).runs, 0U);
  EXPECT_THAT(Take(store->ReadStats({})), SizeIs(1));
  EXPECT_THAT(Take(store->ReadSlowCalls({}, 0)), SizeIs(2));
  EXPECT_THAT(Take(store->ReadPeriods(INT64_MIN, INT64_MAX)), SizeIs(1));
  const auto db = Take(SqliteDb::Open(path_, SqliteDb::Mode::kReadOnly));
  EXPECT_EQ(Take(db->QueryInt("SELECT count(DISTINCT run_id) FROM top_method")), 1);
}

}  // namespace
}  // namespace tymbal::testing
