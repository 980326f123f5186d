// Measures how fast MysqlResultStore writes a fragment, against LOAD DATA INFILE of the same rows
// on the same server, and whether writers get into each other's way. bench/store runs it.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "common/mysql_result_store.h"
#include "must.h"
#include "support/mysql_test_server.h"

namespace tymbal::testing {
namespace {

using bench::Must;
using bench::Take;

constexpr size_t kEndpoints = 20'000;
constexpr size_t kSlowCalls = 5;
constexpr size_t kHistogramBytes = 600;
constexpr int kRounds = 5;
constexpr uint32_t kWriters = 8;

using Seconds = std::chrono::duration<double>;

std::vector<StatRow> MakeRows(size_t first, size_t count, const MysqlRuntime& runtime) {
  const auto hex = [&runtime] { return fmt::format("{:016x}", runtime.random()); };
  std::vector<StatRow> rows(count);
  for (size_t i = 0; i < count; ++i) {
    StatRow& row = rows[i];
    row.name = {"order-service", "com.example.order.OrderApi",
                fmt::format("GET /api/v1/orders/{}/items", first + i)};
    row.endpoint_id = EndpointId(Level::kMethod, row.name);
    EndpointStat& stat = row.stat;
    stat.calls = 1000 + i;
    stat.errors = i % 10;
    stat.satisfied = 900;
    stat.tolerating = 50;
    stat.duration_sum_us = 123'456'789 + i;
    stat.duration_sumsq = 1.2345e12 * static_cast<double>(i + 1);
    stat.min_us = 100;
    for (size_t p = 0; p < stat.percentile_us.size(); ++p) stat.percentile_us[p] = 1000 * (p + 1);
    stat.max_us = 1'000'000;
    while (stat.histogram.size() < kHistogramBytes) {
      const uint64_t bytes = runtime.random();
      stat.histogram.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    }
    for (size_t k = 0; k < kSlowCalls; ++k) {
      row.slowest.push_back({1'000'000 - k, 1'790'000'000'000, false, hex() + hex(), hex()});
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const StatRow& a, const StatRow& b) { return a.endpoint_id < b.endpoint_id; });
  return rows;
}

RunPlan PlanOf(int round, uint32_t fragments) {
  RunPlan plan;
  plan.period = {round * 60'000LL, (round + 1) * 60'000LL};
  for (uint32_t i = 0; i < fragments; ++i) {
    plan.fragments.push_back(
        {{plan.slots * i / fragments, plan.slots * (i + 1) / fragments}, NodeId{"bench"}});
  }
  return plan;
}

double Commit(MysqlResultStore& store, const RunRecord& run, size_t no,
              const std::vector<StatRow>& rows) {
  FragmentCommit commit;
  commit.run = run.id;
  commit.fragment_no = static_cast<int32_t>(no);
  commit.token = run.fragments[no].token;
  commit.rows = &rows;
  const auto start = std::chrono::steady_clock::now();
  Take(store.CommitFragment(commit));
  return Seconds(std::chrono::steady_clock::now() - start).count();
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    if (c == '\t' || c == '\n' || c == '\\') out->push_back('\\');
    if (c == '\0') {
      out->append("\\0");
    } else {
      out->push_back(c);
    }
  }
}

/// Files that the server may read, removed at the end.
struct LoadFiles {
  std::filesystem::path folder;
  ~LoadFiles() { std::filesystem::remove_all(folder); }
};

/// Returns the seconds of the two statements and the COMMIT; writing the files is not counted.
double Load(MysqlDb& db, const std::filesystem::path& folder, int round,
            const std::vector<StatRow>& rows) {
  std::string stats;
  std::string calls;
  const int64_t run = 1'000'000 + round;
  const int64_t start_ms = round * 60'000LL;
  for (const StatRow& row : rows) {
    const EndpointStat& s = row.stat;
    fmt::format_to(std::back_inserter(stats),
                   "{}\t{}\t{}\t0\t1\t{}\t{}\t{}\t{}\t{}\t{:.16e}\t{}\t{}", start_ms,
                   row.endpoint_id, run, s.calls, s.errors, s.satisfied, s.tolerating,
                   s.duration_sum_us, s.duration_sumsq, s.min_us, s.max_us);
    for (const uint64_t p : s.percentile_us) fmt::format_to(std::back_inserter(stats), "\t{}", p);
    stats += "\t1\t";
    AppendEscaped(s.histogram, &stats);
    stats.push_back('\n');
    int rank = 0;
    for (const SlowCall& call : row.slowest) {
      fmt::format_to(std::back_inserter(calls), "{}\t{}\t{}\t{}\t{}\t{}\t0\t{}\t{}\n", run,
                     row.endpoint_id, ++rank, start_ms, call.duration_us, call.start_ms,
                     call.trace_id, call.span_id);
    }
  }
  const auto write = [&folder](const char* name, const std::string& text) {
    const std::filesystem::path path = folder / name;
    std::ofstream(path, std::ios::binary) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    return path.string();
  };
  const std::string stat_file = write("stats.tsv", stats);
  const std::string call_file = write("calls.tsv", calls);
  const auto start = std::chrono::steady_clock::now();
  Must(db.Execute("START TRANSACTION"));
  Must(db.Execute(fmt::format("LOAD DATA INFILE '{}' INTO TABLE endpoint_stat CHARACTER SET binary",
                              stat_file)));
  Must(db.Execute(
      fmt::format("LOAD DATA INFILE '{}' INTO TABLE slow_call CHARACTER SET binary", call_file)));
  Must(db.Execute("COMMIT", MysqlDuring::kCommit));
  return Seconds(std::chrono::steady_clock::now() - start).count();
}

int64_t Deadlocks(MysqlDb& db, bool mariadb) {
  int64_t count = 0;
  Must(db.Query(mariadb ? "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'"
                        : "SELECT 1, count FROM information_schema.innodb_metrics"
                          " WHERE name = 'lock_deadlocks'",
                [&count](const MysqlRow& row) {
                  count = row.Int(1);
                  return Status::Ok();
                }));
  return count;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void MeasureWriters(MysqlTestDatabase& database, MysqlResultStore& master, Epoch epoch, int round,
                    bool new_endpoints, const MysqlRuntime& runtime) {
  const RunRecord run = Take(master.PlanRun(epoch, PlanOf(round, kWriters)));
  std::vector<std::unique_ptr<MysqlResultStore>> stores;
  std::vector<std::vector<StatRow>> rows;
  constexpr size_t kShare = kEndpoints / kWriters;
  for (uint32_t i = 0; i < kWriters; ++i) {
    stores.push_back(Take(MysqlResultStore::Open({database.target(), {}, runtime})));
    rows.push_back(MakeRows((new_endpoints ? 1'000'000 : 0) + i * kShare, kShare, runtime));
  }
  const bool mariadb = database.db().is_mariadb();
  const int64_t before = Deadlocks(database.db(), mariadb);
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kWriters; ++i) {
    threads.emplace_back([&, i] { Commit(*stores[i], run, i, rows[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = Seconds(std::chrono::steady_clock::now() - start).count();
  constexpr size_t kRows = kEndpoints * (1 + kSlowCalls);
  fmt::print("{} writers, {:9} endpoints   {:7.3f} s  {:9.0f} rows/s  {} deadlocks\n", kWriters,
             new_endpoints ? "new" : "known", seconds, static_cast<double>(kRows) / seconds,
             Deadlocks(database.db(), mariadb) - before);
}

void Measure(const MysqlTestServer& server) {
  if (!FindServer(server).has_value()) {
    fmt::print("SKIPPED: {} names no server\n", server.variable);
    return;
  }
  MysqlTestDatabase database(server);
  database.Migrate();
  const char* shared = std::getenv("TYMBAL_TEST_STACK_DIR");  // What MySQL may read files from.
  LoadFiles files{std::filesystem::path(shared != nullptr ? shared : "/tmp") /
                  fmt::format("tymbal-bench-{}", getpid())};
  std::filesystem::create_directory(files.folder);
  std::filesystem::permissions(files.folder, std::filesystem::perms(0755));
  const MysqlRuntime runtime = TestRuntime([] { return int64_t{1'790'000'000'000}; });
  const auto store = Take(MysqlResultStore::Open({database.target(), {}, runtime}));
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"bench"}));
  const std::vector<StatRow> rows = MakeRows(0, kEndpoints, runtime);
  constexpr double kRows = kEndpoints * (1 + kSlowCalls);

  fmt::print("{}: {} endpoint rows with {} B histograms, {} slow calls\n", database.db().version(),
             kEndpoints, kHistogramBytes, kEndpoints * kSlowCalls);
  int round = 0;
  const double first = Commit(*store, Take(store->PlanRun(epoch, PlanOf(round, 1))), 0, rows);
  fmt::print("first commit, new endpoints    {:7.3f} s  {:9.0f} rows/s\n", first, kRows / first);
  std::vector<double> ours;
  std::vector<double> loads;
  for (int i = 0; i < kRounds; ++i) {
    ++round;
    ours.push_back(Commit(*store, Take(store->PlanRun(epoch, PlanOf(round, 1))), 0, rows));
    loads.push_back(Load(database.db(), files.folder, ++round, rows));
  }
  fmt::print("commit, known endpoints        {:7.3f} s  {:9.0f} rows/s  median of {}\n",
             Median(ours), kRows / Median(ours), kRounds);
  fmt::print("LOAD DATA INFILE               {:7.3f} s  {:9.0f} rows/s  ratio {:.2f}\n",
             Median(loads), kRows / Median(loads), Median(loads) / Median(ours));
  MeasureWriters(database, *store, epoch, ++round, /*new_endpoints=*/true, runtime);
  MeasureWriters(database, *store, epoch, ++round, /*new_endpoints=*/false, runtime);
}

}  // namespace
}  // namespace tymbal::testing

int main() {
  try {
    tymbal::testing::Measure(tymbal::testing::kMariadbServer);
    tymbal::testing::Measure(tymbal::testing::kMysqlServer);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_store: {}\n", error.what());
    return 1;
  }
}
