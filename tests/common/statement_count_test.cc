// docs/scaling.md counts the statements of a run without a server; here a server counts as well.
// Without TYMBAL_TEST_MARIADB_URL or TYMBAL_TEST_MYSQL_URL these tests are skipped.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/mysql_result_store.h"
#include "contract/result_store_contract.h"
#include "support/counting_store.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

constexpr int64_t kNowMs = 1'790'000'000'000;  // September 2026.

class StatementCount : public ::testing::TestWithParam<const MysqlTestServer*> {
 protected:
  void SetUp() override {
    if (!FindServer(*GetParam()).has_value()) GTEST_SKIP() << WhyNoServer(*GetParam());
    database_ = std::make_unique<MysqlTestDatabase>(*GetParam());
    database_->Migrate();
    store_ =
        Take(MysqlResultStore::Open({database_->target(), {}, TestRuntime([] { return kNowMs; })}));
    counting_ = std::make_unique<CountingStore>(store_.get());
    connection_ =
        Ask("SELECT MAX(id) FROM information_schema.processlist WHERE db = DATABASE()"
            " AND id <> CONNECTION_ID()");
    Expect(database_->db().Execute("SET GLOBAL log_output = 'TABLE'"));
    Expect(database_->db().Execute("SET GLOBAL general_log = ON"));
    before_ = Logged();
  }
  void TearDown() override {
    if (database_ != nullptr) Expect(database_->db().Execute("SET GLOBAL general_log = OFF"));
  }

  static FragmentCommit CommitOf(RunId run, int32_t no, Token token,
                                 const std::vector<StatRow>& rows) {
    FragmentCommit commit;
    commit.run = run;
    commit.fragment_no = no;
    commit.token = token;
    commit.rows = &rows;
    return commit;
  }
  uint64_t Ask(const std::string& sql) {
    uint64_t value = 0;
    Expect(database_->db().Query(sql, [&](const MysqlRow& row) {
      value = row.Count(0);
      return Status::Ok();
    }));
    return value;
  }
  uint64_t Logged() {
    return Ask(
        fmt::format("SELECT COUNT(*) FROM mysql.general_log WHERE thread_id = {}"
                    " AND command_type = 'Query'",
                    connection_));
  }
  /// The server and CountingStore have counted the same since the last call of this.
  void ExpectSame(const char* call) {
    const uint64_t logged = Logged();
    const uint64_t counted = counting_->cost().statements;
    EXPECT_EQ(counted - counted_, logged - before_) << call;
    counted_ = counted;
    before_ = logged;
  }

  std::unique_ptr<MysqlTestDatabase> database_;
  std::unique_ptr<MysqlResultStore> store_;
  std::unique_ptr<CountingStore> counting_;
  uint64_t connection_ = 0;
  uint64_t before_ = 0;
  uint64_t counted_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Server, StatementCount, ::testing::Values(&kMariadbServer, &kMysqlServer),
                         [](const auto& server) { return server.param->name; });

TEST_P(StatementCount, IsThatOfTheServer) {
  CountingStore& store = *counting_;
  const Epoch epoch = Take(store.TakeEpoch(NodeId{"n1"}));
  ExpectSame("TakeEpoch");
  Take(store.FixFirstPeriod(epoch, 0));
  Take(store.ReadFirstPeriod());
  ExpectSame("FixFirstPeriod, ReadFirstPeriod");
  const RunRecord run = Take(store.PlanRun(epoch, MakePlan(kHour0, 3)));
  ExpectSame("PlanRun");
  const Token token = Take(store.HandOver(epoch, run.id, 1, NodeId{"n2"}));
  ExpectSame("HandOver");

  std::vector<StatRow> rows;
  for (int i = 0; i < 1500; ++i) rows.push_back(Method(fmt::format("m{}", i)));
  rows = Sorted(std::move(rows));
  FragmentCommit commit = CommitOf(run.id, 0, Token{1}, rows);
  commit.coverage.rejected.by_reason[0] = 1;
  Take(store.CommitFragment(commit));
  ExpectSame("CommitFragment of 1,500 new endpoints");
  Take(store.CommitFragment(commit));
  ExpectSame("CommitFragment again");
  const std::vector<StatRow> none;
  Take(store.CommitFragment(CommitOf(run.id, 1, token, none)));
  Take(store.CommitFragment(CommitOf(run.id, 2, Token{1}, none)));
  ExpectSame("CommitFragment without rows");

  Take(store.ReadOpenRuns());
  ExpectSame("ReadOpenRuns");
  Take(store.ReadLedger(0, 1000));
  ExpectSame("ReadLedger");
  Expect(store.VisitMethodRows(run.id, [](const StatRow&) { return Status::Ok(); }));
  ExpectSame("VisitMethodRows");
  Expect(
      store.PublishRun(epoch, run.id, {{MakeRow(Level::kApp, {"app", "", ""})}, RankingOf(rows)}));
  ExpectSame("PublishRun");
  Take(store.ReadOpenRuns());
  Take(store.ReadPublishedRun(0));
  Take(store.ReadRun(run.id));
  ExpectSame("ReadOpenRuns of none, ReadPublishedRun, ReadRun");

  const RunRecord next = Take(store.PlanRun(epoch, MakePlan(kHour1, 1)));
  commit = CommitOf(next.id, 0, Token{1}, rows);
  Take(store.CommitFragment(commit));
  ExpectSame("CommitFragment of known endpoints");
  Expect(store.FailRun(epoch, next.id, "why"));
  Expect(store.PurgeRun(next.id));
  ExpectSame("FailRun, PurgeRun");
}

}  // namespace
}  // namespace tymbal::testing
