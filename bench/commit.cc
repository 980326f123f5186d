// Measures the way from collected spans to published results, stage by stage, and fills stores for
// measurements of reports. It prints and decides nothing: machines are noisy, so compare two builds
// in one session and quote ratios.
//
//   bench_commit STORE [PERIODS [PERIOD_MINUTES [ENDPOINTS [SPANS_PER_ENDPOINT [SLOW_CALLS]]]]]
//
// STORE is a file that it makes or adds to, or a URL of MySQL.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/open_store.h"
#include "master/plan.h"
#include "master/roll_up.h"
#include "must.h"
#include "worker/aggregator.h"

namespace tymbal {
namespace {

using bench::Must;
using bench::Take;

constexpr int64_t kFirstPeriodMs = 1'795'305'600'000;  // 2026-11-22 00:00 UTC.
constexpr size_t kMethodsPerService = 20;
constexpr size_t kServicesPerApp = 10;

struct Load {
  int64_t periods = 5;
  int64_t period_ms = 3'600'000;
  size_t endpoints = 20'000;
  size_t spans_per_endpoint = 250;
  size_t slow_calls = 5;
};

double ProcessorSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The best of all periods for one stage. Processor time says more where others use the machine.
struct Stage {
  double wall_s = 1e9;
  double processor_s = 1e9;

  void Measure(const std::function<void()>& work) {
    const double processor = ProcessorSeconds();
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    wall_s = std::min(wall_s, wall.count());
    processor_s = std::min(processor_s, ProcessorSeconds() - processor);
  }
};

/// Spans of invented endpoints, whose durations spread as those of services do.
class Spans {
 public:
  explicit Spans(const Load& load) : load_(load) {
    for (size_t i = 0; i < load.endpoints; ++i) {
      const size_t service = i / kMethodsPerService;
      names_.push_back({fmt::format("app-{}", service / kServicesPerApp),
                        fmt::format("com.example.app.Service{}", service),
                        fmt::format("GET /api/v1/orders/{}/items", i)});
    }
  }

  worker::Aggregator Collect(int64_t start_ms) {
    worker::AggregatorOptions options{.grid = Take(PeriodGrid::Create(load_.period_ms, 0)),
                                      .slow_calls = load_.slow_calls,
                                      .apdex = {}};
    worker::Aggregator aggregator(std::move(options));
    for (size_t round = 0; round < load_.spans_per_endpoint; ++round) Add(start_ms, &aggregator);
    return aggregator;
  }

 private:
  /// Adds one span of each endpoint.
  void Add(int64_t start_ms, worker::Aggregator* aggregator) {
    worker::SpanBatch batch;
    std::vector<std::string> ids(2 * names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      ids[2 * i] = fmt::format("{:016x}{:016x}", random_(), random_());
      ids[2 * i + 1] = fmt::format("{:016x}", random_());
      Span span{names_[i].app, names_[i].service, names_[i].method, ids[2 * i], ids[2 * i + 1]};
      span.start_ms = start_ms + static_cast<int64_t>(random_() % 1000);
      span.duration_us = static_cast<uint64_t>(std::exp(spread_(random_)) *
                                               static_cast<double>(1000 * (1 + i % 50)));
      span.error = random_() % 100 == 0;
      batch.spans.push_back(span);
    }
    Must(aggregator->Add(batch));
  }

  const Load load_;
  std::vector<EndpointName> names_;
  std::mt19937_64 random_{1};
  std::normal_distribution<double> spread_{0, 1};
};

void Measure(const std::string& path, const Load& load) {
  const auto store = Take(cli::OpenResultStore(path, /*create=*/true));
  const NodeId self{"bench"};
  const Epoch epoch = Take(store->TakeEpoch(self));
  Spans spans(load);
  Stage summarize;
  Stage commit;
  Stage roll_up;
  Stage publish;
  for (int64_t i = 0; i < load.periods; ++i) {
    const int64_t start_ms = kFirstPeriodMs + i * load.period_ms;
    worker::Aggregator aggregator = spans.Collect(start_ms);
    RunPlan plan;
    plan.period = {start_ms, start_ms + load.period_ms};
    plan.fragments = master::CutEvenly(plan.slots, {self}, 1);
    const RunRecord run = Take(store->PlanRun(epoch, plan));
    worker::FragmentResult result;
    summarize.Measure([&] { result = Take(aggregator.Summarize(start_ms, {0, plan.slots})); });
    commit.Measure([&] {
      Take(store->CommitFragment(
          {run.id, 0, run.fragments[0].token, result.coverage, &result.rows}));
    });
    Publication publication;
    roll_up.Measure([&] {
      master::RollUp sums;
      Must(store->VisitMethodRows(run.id, [&](const StatRow& row) { return sums.Add(row); }));
      publication = Take(sums.Finish());
    });
    publish.Measure([&] { Must(store->PublishRun(epoch, run.id, publication)); });
  }
  const auto print = [&](const char* name, const Stage& stage) {
    fmt::print("{:10} {:6.3f} s, {:6.3f} s of a processor\n", name, stage.wall_s,
               stage.processor_s);
  };
  print("summarize", summarize);
  print("commit", commit);
  print("roll up", roll_up);
  print("publish", publish);
}

}  // namespace
}  // namespace tymbal

int main(int argc, char** argv) {
  if (argc < 2 || argc > 7) {
    fmt::print(stderr,
               "bench_commit STORE [PERIODS [PERIOD_MINUTES [ENDPOINTS [SPANS_PER_ENDPOINT"
               " [SLOW_CALLS]]]]]\n");
    return 2;
  }
  const auto number = [&](int i, int64_t otherwise) {
    return argc > i ? std::strtoll(argv[i], nullptr, 10) : otherwise;
  };
  tymbal::Load load;
  load.periods = number(2, load.periods);
  load.period_ms = 60'000 * number(3, 60);
  load.endpoints = static_cast<size_t>(number(4, 20'000));
  load.spans_per_endpoint = static_cast<size_t>(number(5, 250));
  load.slow_calls = static_cast<size_t>(number(6, 5));
  try {
    tymbal::Measure(argv[1], load);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_commit: {}\n", error.what());
    return 1;
  }
}
