// What only a real MySQL or MariaDB shows: the connection, errors, the schema, retention. Without
// TYMBAL_TEST_MARIADB_URL or TYMBAL_TEST_MYSQL_URL these tests are skipped.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "common/mysql_literal.h"
#include "common/mysql_partitions.h"
#include "common/mysql_result_store.h"
#include "common/mysql_schema.h"
#include "common/mysql_schema_admin.h"
#include "contract/result_store_contract.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int64_t kNowMs = 1'790'000'000'000;  // September 2026.

class MysqlServer : public ::testing::TestWithParam<const MysqlTestServer*> {
 protected:
  void SetUp() override {
    if (!FindServer(*GetParam()).has_value()) {
      GTEST_SKIP() << WhyNoServer(*GetParam());
    }
    database_ = std::make_unique<MysqlTestDatabase>(*GetParam());
    database_->Migrate();
  }

  MysqlStoreOptions Options(MysqlLimits limits = {}) {
    return {database_->target(), limits, TestRuntime([] { return kNowMs; })};
  }
  std::unique_ptr<MysqlResultStore> Open(MysqlLimits limits = {}) {
    return Take(MysqlResultStore::Open(Options(limits)));
  }
  MysqlDb& db() { return database_->db(); }
  int64_t Ask(const std::string& sql) {
    int64_t value = -1;
    Expect(db().Query(sql, [&value](const MysqlRow& row) {
      value = row.Int(0);
      return Status::Ok();
    }));
    return value;
  }
  /// Ends all connections to the database but the test's own.
  void KillOthers() {
    std::vector<int64_t> ids;
    Expect(
        db().Query("SELECT id FROM information_schema.processlist WHERE db = DATABASE()"
                   " AND id <> CONNECTION_ID()",
                   [&ids](const MysqlRow& row) {
                     ids.push_back(row.Int(0));
                     return Status::Ok();
                   }));
    for (const int64_t id : ids) Expect(db().Execute(fmt::format("KILL {}", id)));
  }
  static FragmentCommit CommitOf(const RunRecord& run, int32_t no,
                                 const std::vector<StatRow>& rows) {
    FragmentCommit commit;
    commit.run = run.id;
    commit.fragment_no = no;
    commit.token = run.fragments[static_cast<size_t>(no)].token;
    commit.rows = &rows;
    return commit;
  }

  std::unique_ptr<MysqlTestDatabase> database_;
};

INSTANTIATE_TEST_SUITE_P(Server, MysqlServer, ::testing::Values(&kMariadbServer, &kMysqlServer),
                         [](const auto& server) { return server.param->name; });

TEST_P(MysqlServer, HasTheSessionThatItAskedFor) {
  MysqlLimits limits;
  limits.lock_wait_s = 7;
  MysqlDb db(database_->target(), limits);
  Expect(db.Connect());
  const auto value = [&db](const std::string& sql) {
    std::string text;
    Expect(db.Query(sql, [&text](const MysqlRow& row) {
      text = row.String(0);
      return Status::Ok();
    }));
    return text;
  };
  EXPECT_THAT(value("SELECT @@sql_mode"), HasSubstr("STRICT_ALL_TABLES"));
  EXPECT_EQ(value("SELECT @@time_zone"), "+00:00");
  EXPECT_EQ(value("SELECT @@innodb_lock_wait_timeout"), "7");
  EXPECT_EQ(value("SELECT @@character_set_client"), "utf8mb4");
  EXPECT_EQ(db.is_mariadb(), GetParam()->name == "Mariadb");
  // The client answers no request for its files, whatever the server thinks of them.
  Expect(db.Execute("CREATE TABLE files (a TEXT)"));
  EXPECT_FALSE(db.Execute("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE files").ok());
}

TEST_P(MysqlServer, ConnectsAgainWhenItsConnectionWasKilled) {
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  KillOthers();
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  KillOthers();
  const std::vector<StatRow> rows = {Method("a")};
  EXPECT_EQ(Take(store->CommitFragment(CommitOf(run, 0, rows))), CommitOutcome::kCommitted);
  KillOthers();
  Expect(store->PublishRun(epoch, run.id, {}));
  KillOthers();
  EXPECT_THAT(Take(store->ReadStats({})), SizeIs(1));
  EXPECT_EQ(Take(store->TakeEpoch(NodeId{"n"})).value, epoch.value + 1);
}

TEST_P(MysqlServer, CommitsOnceWhileItsConnectionIsKilledAgainAndAgain) {
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  std::vector<StatRow> rows;
  for (int i = 0; i < 3000; ++i) rows.push_back(Method(fmt::format("m{}", i)));
  rows = Sorted(std::move(rows));
  for (int round = 0; round < 5; ++round) {
    const Period period = {round * 1'000, (round + 1) * 1'000};
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan(period)));
    std::thread worker([&] {
      const auto outcome = store->CommitFragment(CommitOf(run, 0, rows));
      EXPECT_TRUE(outcome.has_value()) << outcome.error().message();
    });
    for (int i = 0; i < 4; ++i) {
      KillOthers();
      Expect(db().Execute("DO SLEEP(0.02)"));
    }
    worker.join();
    EXPECT_EQ(
        Ask(fmt::format("SELECT COUNT(*) FROM endpoint_stat WHERE run_id = {}", run.id.value)),
        3000);
  }
}

TEST_P(MysqlServer, SplitsWhatAPacketCannotHold) {
  MysqlLimits limits;
  limits.batch_bytes_max = size_t{1} << 30;
  limits.batch_rows_max = 1'000'000;
  const auto store = Open(limits);
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  std::vector<StatRow> rows;
  for (int i = 0; i < 100; ++i) {
    rows.push_back(Method(fmt::format("m{}", i)));
    rows.back().stat.histogram.assign(500'000, 'x');  // As hex 100 MB.
  }
  rows = Sorted(std::move(rows));
  EXPECT_EQ(Take(store->CommitFragment(CommitOf(run, 0, rows))), CommitOutcome::kCommitted);
  EXPECT_EQ(Ask("SELECT SUM(LENGTH(histogram)) FROM endpoint_stat"), 50'000'000);
}

TEST_P(MysqlServer, NamesTheRowThatNoPacketCanHold) {
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  std::vector<StatRow> rows = {Method("fine"), Method("the-culprit")};
  rows[1].stat.histogram.assign(40'000'000, 'x');
  rows = Sorted(std::move(rows));
  const auto result = store->CommitFragment(CommitOf(run, 0, rows));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error_class(), ErrorClass::kPermanent);
  EXPECT_THAT(result.error().message(), HasSubstr("the-culprit"));
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint_stat"), 0);
}

TEST_P(MysqlServer, NamesTheRowThatTheTablesRefuse) {
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  std::vector<StatRow> rows;
  for (int i = 0; i < 50; ++i) rows.push_back(Method(fmt::format("m{}", i)));
  rows[20] = Method("the-culprit");
  rows[20].slowest[0].trace_id.assign(5000, 'x');  // Longer than its column.
  rows = Sorted(std::move(rows));
  const auto result = store->CommitFragment(CommitOf(run, 0, rows));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), StatusCode::kInternal);
  EXPECT_THAT(result.error().message(), HasSubstr("the-culprit"));
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint_stat"), 0) << "all of it was rolled back";
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint"), 0);
}

TEST_P(MysqlServer, WaitsForALockAndGivesUpInTime) {
  MysqlLimits limits;
  limits.lock_wait_s = 1;
  limits.retry_ms = 1'500;
  const auto store = Open(limits);
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  Expect(db().Execute("START TRANSACTION"));
  Expect(db().Query("SELECT 1 FROM fragment FOR UPDATE",
                    [](const MysqlRow&) { return Status::Ok(); }));
  const std::vector<StatRow> rows = {Method("a")};
  const auto result = store->CommitFragment(CommitOf(run, 0, rows));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), StatusCode::kUnavailable) << "nothing happened";
  Expect(db().Execute("ROLLBACK"));
  EXPECT_EQ(Take(store->CommitFragment(CommitOf(run, 0, rows))), CommitOutcome::kCommitted);
}

TEST_P(MysqlServer, WaitsWhileTheServerIsReadOnly) {
  const auto store = Open();
  // For accounts without special rights: root may write on.
  Expect(db().Execute("DROP USER IF EXISTS 'tymbal_ro'@'127.0.0.1'"));
  Expect(db().Execute("CREATE USER 'tymbal_ro'@'127.0.0.1'"));
  Expect(
      db().Execute(fmt::format("GRANT SELECT, INSERT, UPDATE, DELETE ON {}.* TO"
                               " 'tymbal_ro'@'127.0.0.1'",
                               database_->target().database)));
  MysqlStoreOptions options = Options();
  options.target.user = "tymbal_ro";
  options.target.password = "";
  const auto plain = Take(MysqlResultStore::Open(options));
  Expect(db().Execute("SET GLOBAL read_only = 1"));
  std::thread ended([this] {
    Expect(db().Execute("DO SLEEP(0.4)"));
    Expect(db().Execute("SET GLOBAL read_only = 0"));
  });
  EXPECT_GT(Take(plain->TakeEpoch(NodeId{"n"})).value, 0);
  ended.join();
  Expect(db().Execute("DROP USER 'tymbal_ro'@'127.0.0.1'"));
}

TEST_P(MysqlServer, SaysWhatToDoAboutAccountAndDatabaseWithoutThePassword) {
  constexpr char kCanary[] = "canary-Tr0ub4dor";
  MysqlStoreOptions options = Options();
  options.target.user = "nobody_here";
  options.target.password = kCanary;
  const Status account = MysqlResultStore::Open(options).error();
  EXPECT_EQ(account.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(account.message(), HasSubstr("TYMBAL_STORE_PASSWORD"));
  EXPECT_THAT(account.message(), Not(HasSubstr(kCanary)));
  options = Options();
  options.target.database = "no_such_database";
  const Status database = MysqlResultStore::Open(options).error();
  EXPECT_EQ(database.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(database.message(), HasSubstr("tymbal schema migrate"));
  options.target.port = 1;
  EXPECT_EQ(MysqlResultStore::Open(options).error().code(), StatusCode::kUnavailable);
}

TEST_P(MysqlServer, MigratesTwiceWithTheEffectOfOnceAndGoesOnAfterACut) {
  EXPECT_EQ(Take(MigrateMysql(db(), kNowMs)), 0);
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  // As if the last migration had been cut off at its end.
  Expect(db().Execute("DELETE FROM schema_migration"));
  EXPECT_EQ(MysqlResultStore::Open(Options()).error().code(), StatusCode::kInvalidArgument);
  EXPECT_GT(Take(MigrateMysql(db(), kNowMs)), 0);
  EXPECT_EQ(Take(Open()->TakeEpoch(NodeId{"n"})).value, epoch.value + 1) << "nothing was lost";
}

TEST_P(MysqlServer, RefusesANewerSchema) {
  Expect(db().Execute("INSERT INTO schema_migration VALUES (999, 'future', 0)"));
  for (const Status& status :
       {MysqlResultStore::Open(Options()).error(), MigrateMysql(db(), kNowMs).error()}) {
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("newer"));
  }
}

TEST_P(MysqlServer, DropsExpiredDaysAndCreatesTheNextOnes) {
  const auto admin = MakeMysqlSchemaAdmin(Options());
  Take(admin->Migrate(kNowMs));
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const int64_t today = DayStart(kNowMs);
  const auto publish = [&](int64_t start_ms) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan({start_ms, start_ms + 1000})));
    const std::vector<StatRow> rows = {Method("a")};
    Take(store->CommitFragment(CommitOf(run, 0, rows)));
    Expect(store->PublishRun(epoch, run.id,
                             {{MakeRow(Level::kApp, {"app", "", ""})}, RankingOf(rows)}));
  };
  for (const int64_t day : {-100, -3, -2, -1, 0, 20}) publish(today + day * kDayMs);

  const int64_t later_ms = kNowMs + 10 * kDayMs;
  const RetainOptions plan = {.now_ms = later_ms, .days = 11, .dry_run = true};
  const RetainReport dry = Take(admin->Retain(plan));
  EXPECT_EQ(dry.runs, 3U);
  EXPECT_THAT(dry.partitions_created, SizeIs(30)) << "ten days for each of three tables";
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM run"), 6) << "nothing was done";

  RetainOptions real = plan;
  real.dry_run = false;
  const RetainReport report = Take(admin->Retain(real));
  EXPECT_EQ(report.partitions_dropped, dry.partitions_dropped);
  EXPECT_EQ(report.partitions_created, dry.partitions_created);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM run"), 3);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint_stat"), 6);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM slow_call"), 6);
  EXPECT_EQ(Ask("SELECT COUNT(DISTINCT run_id) FROM top_method"), 3);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM fragment"), 3);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint_stat PARTITION (p_future)"), 0);
  const RetainReport again = Take(admin->Retain(real));
  EXPECT_EQ(again.runs, 0U);
  EXPECT_THAT(again.partitions_created, IsEmpty());
  EXPECT_THAT(Take(admin->ReadState()).warnings, Not(::testing::Contains(HasSubstr("last day"))));
}

TEST_P(MysqlServer, DeletesWhatSharesAPartitionWithYoungerDays) {
  const auto admin = MakeMysqlSchemaAdmin(Options());  // Not migrated: only p_future is there.
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  for (const int64_t day : {-50, -2}) {
    const int64_t start_ms = DayStart(kNowMs) + day * kDayMs;
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan({start_ms, start_ms + 1000})));
    const std::vector<StatRow> rows = {Method("a")};
    Take(store->CommitFragment(CommitOf(run, 0, rows)));
    Expect(store->PublishRun(epoch, run.id, {.ranking = RankingOf(rows)}));
  }
  Take(admin->Retain({.now_ms = kNowMs, .days = 10}));
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM endpoint_stat"), 1);
  EXPECT_EQ(Ask("SELECT COUNT(*) FROM slow_call"), 2);
  EXPECT_EQ(Ask("SELECT COUNT(DISTINCT run_id) FROM top_method"), 1);
  EXPECT_THAT(Take(store->ReadStats({})), SizeIs(1));
}

TEST_P(MysqlServer, ReportsRunsOfAnOlderTymbalAmongRankedOnes) {
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  for (const Period& period : {kHour0, kHour1}) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan(period)));
    const std::vector<StatRow> rows = Sorted({Method("a", 1), Method("b", 2)});
    Take(store->CommitFragment(CommitOf(run, 0, rows)));
    Expect(store->PublishRun(epoch, run.id, {.ranking = RankingOf(rows)}));
  }
  const auto methods = [&store] { return ReportedMethods(*store); };
  EXPECT_EQ(methods(), "bbaabbbbaaaa");
  Expect(db().Execute("DELETE FROM top_method WHERE period_start = 0"));
  EXPECT_EQ(methods(), "bbaabbbbaaaa");
  Expect(db().Execute("DELETE FROM top_method WHERE `rank` = 2"));
  EXPECT_EQ(methods(), "bbabbbbaa") << "else the ranked methods are not what is read";
}

TEST_P(MysqlServer, DoesNotBlockWritersBehindAStuckReaderForLong) {
  const auto admin = MakeMysqlSchemaAdmin(Options());
  Take(admin->Migrate(kNowMs));
  const auto store = Open();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  Expect(db().Execute("START TRANSACTION"));
  Ask("SELECT COUNT(*) FROM endpoint_stat");  // Holds the table's metadata.
  std::thread retention([&] {
    const auto report = admin->Retain({.now_ms = kNowMs + 3 * kDayMs, .days = 90});
    EXPECT_TRUE(report.has_value()) << report.error().message();
  });
  Expect(db().Execute("DO SLEEP(0.5)"));
  const std::vector<StatRow> rows = {Method("a")};
  EXPECT_EQ(Take(store->CommitFragment(CommitOf(run, 0, rows))), CommitOutcome::kCommitted);
  Expect(db().Execute("ROLLBACK"));
  retention.join();
}

}  // namespace
}  // namespace tymbal::testing
