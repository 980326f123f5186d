// The contract of result stores on real servers. Without TYMBAL_TEST_MARIADB_URL or
// TYMBAL_TEST_MYSQL_URL these tests are skipped.

#include "common/mysql_result_store.h"

#include "contract/result_store_contract.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

class MysqlHarness : public ResultStoreHarness {
 public:
  explicit MysqlHarness(const MysqlTestServer& server) : database_(server) { database_.Migrate(); }
  OpenedStore Open(std::function<int64_t()> now) override {
    auto store = Take(MysqlResultStore::Open(
        {.target = database_.target(), .limits = {}, .runtime = TestRuntime(std::move(now))}));
    ReportSource* const reports = store.get();
    return {std::move(store), reports};
  }
  bool AllowsThreads() const override { return true; }

 private:
  MysqlTestDatabase database_;
};

ResultStoreKind KindOf(const MysqlTestServer& server) {
  return {
      server.name,
      [&server]() -> std::unique_ptr<ResultStoreHarness> {
        return std::make_unique<MysqlHarness>(server);
      },
      [&server] { return FindServer(server).has_value() ? std::string() : WhyNoServer(server); }};
}

INSTANTIATE_TEST_SUITE_P(Server, ResultStoreContract,
                         ::testing::Values(KindOf(kMariadbServer), KindOf(kMysqlServer)), KindName);

}  // namespace
}  // namespace tymbal::testing
