#include "cli/run_job.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/event_loop.h"
#include "common/local_coordinator.h"
#include "support/memory_result_store.h"

namespace tymbal::cli {
namespace {

constexpr int64_t kStart = 1'795'341'600'000;

/// Passes calls on to a store; before the n-th of them that changes something, it may call
/// `intrude`.
class IntrudedStore : public ResultStore {
 public:
  explicit IntrudedStore(ResultStore* store) : store_(store) {}

  using ResultStore::TakeEpoch;
  Result<Epoch> TakeEpoch(const NodeId& holder, Epoch above) override {
    return store_->TakeEpoch(holder, above);
  }
  Result<int64_t> FixFirstPeriod(Epoch epoch, int64_t proposed_start_ms) override {
    return store_->FixFirstPeriod(epoch, proposed_start_ms);
  }
  Result<std::optional<int64_t>> ReadFirstPeriod() override { return store_->ReadFirstPeriod(); }
  Result<std::vector<PeriodLedger>> ReadLedger(int64_t from_ms, size_t limit) override {
    return store_->ReadLedger(from_ms, limit);
  }
  Result<RunRecord> PlanRun(Epoch epoch, const RunPlan& plan) override {
    Count();
    return store_->PlanRun(epoch, plan);
  }
  Result<Token> HandOver(Epoch epoch, RunId run, int32_t no, const NodeId& node) override {
    Count();
    return store_->HandOver(epoch, run, no, node);
  }
  Result<CommitOutcome> CommitFragment(const FragmentCommit& commit) override {
    Count();
    if (tries_twice) {
      int pieces = 0;
      const Status status = commit.rows.Visit([&](auto) {
        return ++pieces < 2 ? Status::Ok() : Unavailable("the connection is gone");
      });
      if (!status.ok()) ++undone;
    }
    if (!rows_of) return store_->CommitFragment(commit);
    const std::vector<StatRow> rows = rows_of(commit);
    FragmentCommit same = commit;
    same.rows = &rows;
    EXPECT_TRUE(store_->CommitFragment(same));
    return CommitOutcome::kAlreadyCommitted;
  }
  Status VisitMethodRows(RunId run, const std::function<Status(const StatRow&)>& visit) override {
    return store_->VisitMethodRows(run, visit);
  }
  Status PublishRun(Epoch epoch, RunId run, const Publication& publication) override {
    Count();
    return store_->PublishRun(epoch, run, publication);
  }
  Status FailRun(Epoch epoch, RunId run, std::string_view reason) override {
    return store_->FailRun(epoch, run, reason);
  }
  Status PurgeRun(RunId run) override { return store_->PurgeRun(run); }
  Result<RunRecord> ReadRun(RunId run) override { return store_->ReadRun(run); }
  Result<std::vector<RunRecord>> ReadOpenRuns() override { return store_->ReadOpenRuns(); }
  Result<std::optional<RunRecord>> ReadPublishedRun(int64_t start_ms) override {
    return store_->ReadPublishedRun(start_ms);
  }

  bool tries_twice = false;  // A transaction is undone in the middle, and made again.
  int undone = 0;
  /// If set, a commit finds that these rows have been committed under its token.
  std::function<std::vector<StatRow>(const FragmentCommit&)> rows_of;
  int intrude_at = -1;
  std::function<void()> intrude;

 private:
  void Count() {
    if (calls_++ == intrude_at) intrude();
  }
  ResultStore* store_;
  int calls_ = 0;
};

/// A result store of its own.
struct World {
  tymbal::testing::MemoryResults results;
  tymbal::testing::MemoryResultStore store{results, [] { return int64_t{1}; }};
};

class RunJobTest : public ::testing::Test {
 protected:
  /// Returns an aggregator with spans in `periods` periods; `salt` makes other spans.
  static std::unique_ptr<worker::Aggregator> Spans(int periods, uint64_t salt = 0,
                                                   int64_t period_ms = 60'000) {
    auto aggregator = std::make_unique<worker::Aggregator>(
        worker::AggregatorOptions{.grid = *PeriodGrid::Create(period_ms, 0), .apdex = {}});
    worker::SpanBatch batch;
    std::vector<std::string> methods;
    for (int i = 0; i < 40; ++i) methods.push_back("method" + std::to_string(i));
    for (int i = 0; i < periods * 200; ++i) {
      Span span;
      span.app = "app";
      span.method = methods[static_cast<size_t>(i) % methods.size()];
      span.start_ms = kStart + (i % periods) * 60'000;
      span.duration_us = static_cast<uint64_t>(i) + salt;
      batch.spans.push_back(span);
    }
    EXPECT_TRUE(aggregator->Add(batch).ok());
    return aggregator;
  }

  Result<std::vector<PeriodOutcome>> Run(ResultStore* store,
                                         std::unique_ptr<worker::Aggregator> spans,
                                         bool replace = false,
                                         const std::string& settings = "settings") {
    EventLoop loop;
    LocalCoordinator coordinator(&loop);
    RunJob job(&loop, &coordinator, store,
               {.self = {.node = {"n"}, .incarnation = "i", .host = "h", .version = "v"},
                .settings = settings,
                .source = "spans.ndjson",
                .replace = replace,
                .fragment_rows = 5,
                .piece_rows = 4});
    return job.Commit(spans.get());
  }

  static std::vector<PeriodAction> Actions(const std::vector<PeriodOutcome>& outcomes) {
    std::vector<PeriodAction> actions;
    for (const PeriodOutcome& outcome : outcomes) actions.push_back(outcome.action);
    return actions;
  }

  /// What is in the store for reports, at all levels, apart from run ids.
  static std::string Shown(World* world) {
    std::string text;
    for (const Level level : {Level::kMethod, Level::kService, Level::kApp}) {
      const auto rows = world->store.ReadStats(
          {.level = level, .filter = {}, .sort = SortKey::kTime, .limit = 0});
      for (const auto& [period, row] : *rows) {
        text += std::to_string(period.start_ms) + row.name.method + " " +
                std::to_string(row.stat.calls) + " " + std::to_string(row.stat.duration_sum_us);
        for (const uint64_t value_us : row.stat.percentile_us) {
          text += " " + std::to_string(value_us);
        }
        text += "\n";
      }
    }
    for (const auto& [id, run] : world->results.runs) {
      for (const RankedMethod& method : run.ranking) {
        text += std::string(SortKeyName(method.key)) + " " + std::to_string(method.rank) + " " +
                std::to_string(method.endpoint_id) + "\n";
      }
    }
    return text;
  }

  /// Returns how many fragments a run of 40 methods has.
  static size_t Fragments(size_t fragment_rows) {
    EventLoop loop;
    LocalCoordinator coordinator(&loop);
    World world;
    RunJob job(&loop, &coordinator, &world.store,
               {.self = {.node = {"n"}, .incarnation = "i", .host = "h", .version = "v"},
                .settings = "",
                .source = "",
                .fragment_rows = fragment_rows});
    const auto outcomes = job.Commit(Spans(1).get());
    EXPECT_TRUE(outcomes);
    return world.store.ReadRun(outcomes->front().run)->fragments.size();
  }

  std::unique_ptr<World> world_ = std::make_unique<World>();
};

TEST_F(RunJobTest, PublishesEveryPeriodAndNothingTwice) {
  const auto first = Run(&world_->store, Spans(3));
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(Actions(*first), std::vector<PeriodAction>(3, PeriodAction::kPublished));
  const std::string shown = Shown(world_.get());
  const auto second = Run(&world_->store, Spans(3));
  ASSERT_TRUE(second);
  EXPECT_EQ(Actions(*second), std::vector<PeriodAction>(3, PeriodAction::kUnchanged));
  EXPECT_EQ((*second)[1].run, (*first)[1].run);
  EXPECT_EQ(Shown(world_.get()), shown);
}

TEST_F(RunJobTest, CutsARunIntoFragmentsByItsRows) {
  EXPECT_EQ(Fragments(1000), 1U);
  EXPECT_EQ(Fragments(40), 1U);
  EXPECT_EQ(Fragments(39), 2U);
  EXPECT_EQ(Fragments(10), 4U);
  EXPECT_EQ(Fragments(1), 4U);
}

TEST_F(RunJobTest, OtherInputChangesNothingAndIsExplainedI5) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  const std::string shown = Shown(world_.get());
  const auto other = Run(&world_->store, Spans(3, 1));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), StatusCode::kConflict);
  EXPECT_NE(other.error().message().find("spans.ndjson"), std::string::npos);
  EXPECT_NE(other.error().message().find("--replace"), std::string::npos);
  EXPECT_EQ(Shown(world_.get()), shown);
  const auto settings = Run(&world_->store, Spans(2), false, "other settings");
  ASSERT_FALSE(settings);
  EXPECT_NE(settings.error().message().find("other settings (settings)"), std::string::npos);
}

TEST_F(RunJobTest, ReplaceSupersedesWholePeriods) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  const auto replaced = Run(&world_->store, Spans(2, 5), /*replace=*/true);
  ASSERT_TRUE(replaced);
  EXPECT_EQ(Actions(*replaced), std::vector<PeriodAction>(2, PeriodAction::kReplaced));
  const std::string shown = Shown(world_.get());
  World fresh;
  ASSERT_TRUE(Run(&fresh.store, Spans(2, 5)));
  EXPECT_EQ(Shown(&fresh), shown);
}

TEST_F(RunJobTest, AnotherPeriodLengthIsRefusedWithItsCure) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  auto longer = std::make_unique<worker::Aggregator>(
      worker::AggregatorOptions{.grid = *PeriodGrid::Create(120'000, 0), .apdex = {}});
  worker::SpanBatch batch;
  Span span;
  span.app = "app";
  span.method = "m";
  span.start_ms = kStart;
  batch.spans.push_back(span);
  ASSERT_TRUE(longer->Add(batch).ok());
  const auto outcome = Run(&world_->store, std::move(longer), /*replace=*/true);
  ASSERT_FALSE(outcome);
  EXPECT_NE(outcome.error().message().find("--period"), std::string::npos)
      << outcome.error().message();
}

TEST_F(RunJobTest, AnotherMasterAtAnyMomentMakesNothingCountTwiceI4) {
  ASSERT_TRUE(Run(&world_->store, Spans(3)));
  const std::string expected = Shown(world_.get());
  for (int at = 0; at < 20; ++at) {
    world_ = std::make_unique<World>();
    IntrudedStore intruded(&world_->store);
    intruded.intrude_at = at;
    // The other one comes with the same spans and goes through with them.
    intruded.intrude = [&] {
      tymbal::testing::MemoryResultStore other(world_->results, [] { return int64_t{2}; });
      ASSERT_TRUE(Run(&other, Spans(3)));
    };
    const auto outcomes = Run(&intruded, Spans(3));
    ASSERT_TRUE(outcomes) << at << ": " << outcomes.error().message();
    EXPECT_EQ(Shown(world_.get()), expected) << at;
    EXPECT_TRUE(world_->store.ReadOpenRuns()->empty()) << at;
  }
}

TEST_F(RunJobTest, OtherInputPublishedMeanwhileIsNotReplacedByAccidentI5) {
  IntrudedStore intruded(&world_->store);
  intruded.intrude_at = 1;
  intruded.intrude = [&] {
    tymbal::testing::MemoryResultStore other(world_->results, [] { return int64_t{2}; });
    ASSERT_TRUE(Run(&other, Spans(1, 99)));
  };
  const auto outcomes = Run(&intruded, Spans(1));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code(), StatusCode::kConflict);
}

TEST_F(RunJobTest, WhatWasCommittedBeforeIsAddedUpFromTheStore) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  const std::string expected = Shown(world_.get());
  world_ = std::make_unique<World>();
  IntrudedStore store(&world_->store);
  store.rows_of = [&](const FragmentCommit& commit) {
    const RunRecord run = *world_->store.ReadRun(commit.run);
    const SlotRange slots = run.fragments.at(static_cast<size_t>(commit.fragment_no)).slots;
    return Spans(2)->Summarize(run.period.start_ms, slots)->rows;
  };
  ASSERT_TRUE(Run(&store, Spans(2)));
  EXPECT_EQ(Shown(world_.get()), expected);
}

TEST_F(RunJobTest, WhatAStoreAsksForTwiceIsAddedUpOnce) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  const std::string expected = Shown(world_.get());
  world_ = std::make_unique<World>();
  IntrudedStore store(&world_->store);
  store.tries_twice = true;
  ASSERT_TRUE(Run(&store, Spans(2)));
  EXPECT_GT(store.undone, 1) << "else it shows nothing";
  EXPECT_EQ(Shown(world_.get()), expected);
}

TEST_F(RunJobTest, AnInterruptedTrialOfAnotherPeriodLengthIsNotInTheWay) {
  IntrudedStore dying(&world_->store);
  dying.intrude_at = 1;
  dying.intrude = [] { throw std::runtime_error("killed"); };
  EXPECT_THROW((void)Run(&dying, Spans(2)), std::runtime_error);
  ASSERT_EQ(world_->store.ReadOpenRuns()->size(), 1U);
  const auto outcomes = Run(&world_->store, Spans(2, 0, 120'000));
  ASSERT_TRUE(outcomes) << outcomes.error().message();
  EXPECT_EQ(outcomes->size(), 1U);
  EXPECT_TRUE(world_->store.ReadOpenRuns()->empty());
}

TEST_F(RunJobTest, AnInterruptedRunIsTakenUpWhereItStopped) {
  ASSERT_TRUE(Run(&world_->store, Spans(2)));
  const std::string expected = Shown(world_.get());
  for (int at = 0; at < 12; ++at) {
    world_ = std::make_unique<World>();
    IntrudedStore dying(&world_->store);
    dying.intrude_at = at;
    dying.intrude = [] { throw std::runtime_error("killed"); };
    EXPECT_THROW((void)Run(&dying, Spans(2)), std::runtime_error);
    const auto open = *world_->store.ReadOpenRuns();
    const auto outcomes = Run(&world_->store, Spans(2));
    ASSERT_TRUE(outcomes) << at << ": " << outcomes.error().message();
    EXPECT_EQ(Shown(world_.get()), expected) << at;
    for (const RunRecord& run : open) {
      EXPECT_EQ(world_->store.ReadRun(run.id)->state, RunState::kPublished)
          << "begun anew for no reason";
    }
  }
}

}  // namespace
}  // namespace tymbal::cli
