#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/report_source.h"
#include "common/result_store.h"

namespace tymbal::testing {

/// Two faces of one open result store.
struct OpenedStore {
  std::unique_ptr<ResultStore> results;
  ReportSource* reports = nullptr;  ///< Belongs to the object of `results`.
};

/// One kind of result store under the contract suite, with data of its own, empty at first.
class ResultStoreHarness {
 public:
  virtual ~ResultStoreHarness() = default;

  /// Opens one more object on the same data, whose clock is `now`.
  virtual OpenedStore Open(std::function<int64_t()> now) = 0;
  /// Whether objects on the same data may be used on different threads.
  virtual bool AllowsThreads() const = 0;
};

/// A parameter of the suite. A further store joins by INSTANTIATE_TEST_SUITE_P(…,
/// ResultStoreContract,
/// ::testing::Values(ResultStoreKind{…}), KindName) in any source of the test binary.
struct ResultStoreKind {
  std::string name;
  std::function<std::unique_ptr<ResultStoreHarness>()> make;
  /// Returns why this kind can't be tested here, empty where it can. None: it always can.
  std::function<std::string()> missing = nullptr;
};
std::string KindName(const ::testing::TestParamInfo<ResultStoreKind>& info);
void PrintTo(const ResultStoreKind& kind, std::ostream* out);  // For GoogleTest's messages.

/// Returns the value; an error fails the test with its message.
template <typename T>
T Take(Result<T> result) {
  if (!result.has_value()) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
void Expect(const Status& status);

inline StatusCode CodeOf(const Status& status) { return status.code(); }
template <typename T>
StatusCode CodeOf(const Result<T>& result) {
  return result.has_value() ? StatusCode::kOk : result.error().code();
}

/// Returns a row that every store accepts, with numbers that grow with `seed` (1 to 1,000,000).
StatRow MakeRow(Level level, EndpointName name, uint64_t seed = 1);
StatRow MakeMethodRow(EndpointName name, uint64_t seed = 1);
/// Returns the row of a method of one app and service.
StatRow Method(std::string method, uint64_t seed = 1);
/// Returns the method rows of a run as VisitMethodRows gives them.
std::vector<StatRow> VisitedRows(ResultStore& store, RunId run);
std::vector<StatRow> WithoutSlowest(std::vector<StatRow> rows);
/// Returns the rows in the order of a commit.
std::vector<StatRow> Sorted(std::vector<StatRow> rows);
std::vector<RankedMethod> RankingOf(const std::vector<StatRow>& rows);

/// Returns the methods of the first rows and slow calls that a report of 20 shows, one behind the
/// other.
std::string ReportedMethods(ReportSource& source);
/// Returns a plan of `fragments` equal fragments, all for the node "n1".
RunPlan MakePlan(Period period, uint32_t fragments = 1);

inline constexpr Period kHour0 = {0, 3'600'000};
inline constexpr Period kHour1 = {3'600'000, 7'200'000};
inline constexpr Period kHour2 = {7'200'000, 10'800'000};

class ResultStoreContract : public ::testing::TestWithParam<ResultStoreKind> {
 protected:
  void SetUp() override {
    const std::string missing = GetParam().missing ? GetParam().missing() : std::string();
    if (!missing.empty()) GTEST_SKIP() << missing;
    harness_ = GetParam().make();
    opened_ = Open();
  }

  OpenedStore Open() {
    return harness_->Open([this] { return now_ms_; });
  }
  ResultStore& store() { return *opened_.results; }
  ReportSource& reports() { return *opened_.reports; }

  Epoch TakeEpoch() { return Take(store().TakeEpoch(NodeId{"n1"})); }

  /// Commits rows under the token that `run` was planned with.
  Result<CommitOutcome> Commit(const RunRecord& run, int32_t fragment_no,
                               const std::vector<StatRow>& rows);
  Result<CommitOutcome> CommitFed(const RunRecord& run, int32_t fragment_no, RowFeed rows);
  /// Plans, commits and publishes a run of one fragment.
  RunRecord Publish(Epoch epoch, Period period, const std::vector<StatRow>& rows,
                    const std::vector<StatRow>& rollup = {});
  /// Returns the methods that reports show, by name.
  std::vector<std::string> ShownMethods();

  int64_t now_ms_ = 1'700'000'000'000;
  std::unique_ptr<ResultStoreHarness> harness_;
  OpenedStore opened_;
};

}  // namespace tymbal::testing
