// The queries of docs/schema.md, as they stand there, on real servers.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "common/mysql_result_store.h"
#include "common/schema_admin.h"
#include "contract/result_store_contract.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

constexpr size_t kQueries = 10;

std::vector<std::string> QueriesOfTheDoc() {
  std::ifstream in(TYMBAL_SOURCE_DIR "/docs/schema.md");
  std::stringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  std::vector<std::string> queries;
  constexpr std::string_view kBegin = "```sql\n";
  for (size_t at = page.find(kBegin); at != std::string::npos; at = page.find(kBegin, at)) {
    at += kBegin.size();
    const size_t end = page.find("```", at);
    std::string query = page.substr(at, end - at);
    while (query.ends_with('\n') || query.ends_with(';')) query.pop_back();
    queries.push_back(std::move(query));
    at = end + 3;
  }
  return queries;
}

TEST(SchemaDoc, HasTenQueries) { EXPECT_EQ(QueriesOfTheDoc().size(), kQueries); }

class SchemaDocServer : public ::testing::TestWithParam<const MysqlTestServer*> {};

INSTANTIATE_TEST_SUITE_P(Server, SchemaDocServer, ::testing::Values(&kMariadbServer, &kMysqlServer),
                         [](const auto& server) { return server.param->name; });

TEST_P(SchemaDocServer, EveryQueryOfTheDocFindsWhatItIsFor) {
  if (!FindServer(*GetParam()).has_value()) {
    GTEST_SKIP() << WhyNoServer(*GetParam());
  }
  MysqlTestDatabase database(*GetParam());
  database.Migrate();
  int64_t now_ms = 0;
  Expect(database.db().Query("SELECT UNIX_TIMESTAMP() * 1000", [&now_ms](const MysqlRow& row) {
    now_ms = row.Int(0);
    return Status::Ok();
  }));
  const auto store = Take(
      MysqlResultStore::Open({database.target(), {}, TestRuntime([now_ms] { return now_ms; })}));
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const auto publish = [&](int64_t start_ms, uint64_t seed, uint64_t errors) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan({start_ms, start_ms + 1000})));
    std::vector<StatRow> rows = {Method("GET /cart", seed)};
    rows[0].stat.errors = errors;
    rows[0].slowest[0].start_ms = start_ms;
    rows[0].slowest[1].start_ms = start_ms;
    FragmentCommit commit;
    commit.run = run.id;
    commit.token = run.fragments[0].token;
    commit.rows = &rows;
    Take(store->CommitFragment(commit));
    Expect(store->PublishRun(epoch, run.id,
                             {{MakeRow(Level::kService, {"app", "service", ""}, seed),
                               MakeRow(Level::kApp, {"app", "", ""}, seed)}}));
  };
  const int64_t second_ms = now_ms / 1000 * 1000;
  publish(DayStart(now_ms) - kDayMs, 1, 1);  // Yesterday.
  publish(second_ms - 168 * 3'600'000 - 1'800'000, 1, 1);
  publish(second_ms - 20'000, 50, 20);
  if (DayStart(second_ms - 20'000) != DayStart(now_ms)) publish(second_ms, 50, 20);  // Midnight.
  const RunRecord failed =
      Take(store->PlanRun(epoch, MakePlan({second_ms - 30'000, second_ms - 29'000})));
  Expect(store->FailRun(epoch, failed.id, "no index"));
  Take(store->PlanRun(epoch, MakePlan({second_ms + 1'000, second_ms + 2'000}, 2)));

  // Both as our sessions are and as MySQL's default is.
  for (const char* mode : {"STRICT_ALL_TABLES", "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES"}) {
    Expect(database.db().Execute(fmt::format("SET SESSION sql_mode='{}'", mode)));
    for (const std::string& query : QueriesOfTheDoc()) {
      size_t rows = 0;
      const Status status = database.db().Query(query, [&rows](const MysqlRow&) {
        ++rows;
        return Status::Ok();
      });
      EXPECT_TRUE(status.ok()) << status.message() << "\n" << query;
      EXPECT_GT(rows, 0U) << query;
    }
  }
}

}  // namespace
}  // namespace tymbal::testing
