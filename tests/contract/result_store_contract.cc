#include "contract/result_store_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/method_ranking.h"

namespace tymbal::testing {

std::string KindName(const ::testing::TestParamInfo<ResultStoreKind>& info) {
  return info.param.name;
}

void PrintTo(const ResultStoreKind& kind, std::ostream* out) { *out << kind.name; }

void Expect(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

StatRow MakeRow(Level level, EndpointName name, uint64_t seed) {
  StatRow row;
  row.level = level;
  row.endpoint_id = EndpointId(level, name);
  row.name = std::move(name);
  EndpointStat& stat = row.stat;
  stat.calls = 100 + seed;
  stat.errors = 3;
  stat.satisfied = 60;
  stat.tolerating = 20;
  stat.duration_sum_us = 1'000 * seed;
  stat.duration_sumsq = 0.1 * static_cast<double>(seed);
  stat.min_us = 1;
  for (size_t i = 0; i < stat.percentile_us.size(); ++i) {
    stat.percentile_us[i] = seed * (i + 1);
  }
  stat.max_us = 10 * seed;
  stat.histogram = fmt::format("{}{}", std::string_view("\1\0\xff", 3), seed);
  return row;
}

StatRow MakeMethodRow(EndpointName name, uint64_t seed) {
  StatRow row = MakeRow(Level::kMethod, std::move(name), seed);
  row.slowest = {{10 * seed, 1'000, true, "trace-a", "span-a"}, {9 * seed, 2'000, false, "", ""}};
  return row;
}

StatRow Method(std::string method, uint64_t seed) {
  return MakeMethodRow({"app", "service", std::move(method)}, seed);
}

std::vector<StatRow> VisitedRows(ResultStore& store, RunId run) {
  std::vector<StatRow> rows;
  Expect(store.VisitMethodRows(run, [&rows](const StatRow& row) {
    rows.push_back(row);
    return Status::Ok();
  }));
  return rows;
}

std::vector<StatRow> WithoutSlowest(std::vector<StatRow> rows) {
  for (StatRow& row : rows) row.slowest.clear();
  return rows;
}

std::vector<StatRow> Sorted(std::vector<StatRow> rows) {
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  return rows;
}

std::vector<RankedMethod> RankingOf(const std::vector<StatRow>& rows) {
  MethodRanking ranking;
  for (const StatRow& row : rows) ranking.Add(row);
  return ranking.Finish();
}

std::string ReportedMethods(ReportSource& source) {
  std::string text;
  for (const StatReportRow& row : Take(source.ReadStats({}))) text += row.row.name.method;
  for (const SlowReportRow& row : Take(source.ReadSlowCalls({}, 20))) text += row.name.method;
  return text;
}

RunPlan MakePlan(Period period, uint32_t fragments) {
  RunPlan plan;
  plan.period = period;
  plan.slots = kSlotsDefault;
  plan.input = {.fingerprint = std::string("\0\xfe", 2),
                .settings = "apdex=500ms",
                .source = "spans.ndjson",
                .unplaced = 7};
  for (uint32_t i = 0; i < fragments; ++i) {
    plan.fragments.push_back(
        {{plan.slots * i / fragments, plan.slots * (i + 1) / fragments}, NodeId{"n1"}});
  }
  return plan;
}

Result<CommitOutcome> ResultStoreContract::Commit(const RunRecord& run, int32_t fragment_no,
                                                  const std::vector<StatRow>& rows) {
  return CommitFed(run, fragment_no, &rows);
}

Result<CommitOutcome> ResultStoreContract::CommitFed(const RunRecord& run, int32_t fragment_no,
                                                     RowFeed rows) {
  FragmentCommit commit;
  commit.run = run.id;
  commit.fragment_no = fragment_no;
  commit.token = run.fragments[static_cast<size_t>(fragment_no)].token;
  commit.coverage = {.expected = 110, .read = 105, .rejected = {}};
  commit.coverage.rejected[RejectReason::kMissingApp] = 4;
  commit.coverage.rejected[RejectReason::kRecordTooLong] = 1;
  commit.rows = std::move(rows);
  return store().CommitFragment(commit);
}

RunRecord ResultStoreContract::Publish(Epoch epoch, Period period, const std::vector<StatRow>& rows,
                                       const std::vector<StatRow>& rollup) {
  const RunRecord run = Take(store().PlanRun(epoch, MakePlan(period)));
  Take(Commit(run, 0, Sorted(rows)));
  Expect(store().PublishRun(epoch, run.id, {rollup, RankingOf(rows)}));
  return run;
}

std::vector<std::string> ResultStoreContract::ShownMethods() {
  StatQuery query;
  query.sort = SortKey::kName;
  query.limit = 0;
  std::vector<std::string> names;
  for (const StatReportRow& row : Take(reports().ReadStats(query))) {
    names.push_back(row.row.name.method);
  }
  return names;
}

}  // namespace tymbal::testing
