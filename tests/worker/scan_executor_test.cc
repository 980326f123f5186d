#include "worker/scan_executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>

#include "common/event_loop.h"
#include "support/memory_result_store.h"

namespace tymbal::worker {
namespace {

using ::testing::HasSubstr;
using testing::MemoryResults;
using testing::MemoryResultStore;

constexpr int64_t kStartMs = 1'795'341'600'000;
constexpr Period kPeriod = {kStartMs, kStartMs + 60'000};

/// Endless until it is let go, or a list of spans.
struct Script {
  std::vector<Span> spans;
  std::atomic<bool> hold{false};
  std::atomic<int> opened{0};
  std::vector<SpanQuery> queries;  // The executor's until it has replied.
  Status failure;
  std::optional<uint64_t> expected;
};

class ScriptReader : public SpanReader {
 public:
  explicit ScriptReader(Script* script) : script_(script) {}
  Result<bool> Next(SpanBatch* batch) override {
    batch->Clear();
    if (!script_->failure.ok()) return script_->failure;
    if (script_->hold) {
      Span span = script_->spans.front();
      span.start_ms = kStartMs;
      batch->spans = {span};
      return true;
    }
    if (std::exchange(done_, true)) return false;
    batch->spans = script_->spans;
    batch->rejected.push_back({RejectReason::kMissingStart, std::nullopt});
    return true;
  }

 private:
  Script* const script_;
  bool done_ = false;
};

class ScriptSource : public SpanSource {
 public:
  explicit ScriptSource(Script* script) : script_(script) { ++script->opened; }
  Result<std::vector<std::unique_ptr<SpanReader>>> Open(const SpanQuery& query,
                                                        size_t /*parallelism*/) override {
    script_->queries.push_back(query);
    std::vector<std::unique_ptr<SpanReader>> readers;
    readers.push_back(std::make_unique<ScriptReader>(script_));
    return readers;
  }
  Result<std::optional<uint64_t>> Expected(const SpanQuery& /*query*/) override {
    return script_->expected;
  }
  std::string Describe() const override { return "script"; }

 private:
  Script* const script_;
};

class ScanExecutorThread : public ::testing::Test {
 protected:
  ScanExecutorThread() {
    for (int i = 0; i < 64; ++i) names_.push_back("method-" + std::to_string(i));
    for (const std::string& name : names_) {
      Span span;
      span.app = "app";
      span.method = name;
      span.start_ms = kStartMs + 5;
      span.duration_us = 10;
      script_.spans.push_back(span);
    }
    epoch_ = *store_.TakeEpoch(NodeId{"m"});
    executor_ = std::make_unique<ScanExecutor>(
        ScanExecutorOptions{.aggregator = {.grid = *PeriodGrid::Create(60'000, 0), .apdex = {}},
                            .store_patience = std::chrono::milliseconds(2'000)},
        [this](const Period&) -> Result<std::unique_ptr<SpanSource>> {
          std::unique_ptr<SpanSource> source = std::make_unique<ScriptSource>(&script_);
          return source;
        },
        [this]() -> Result<std::unique_ptr<ResultStore>> {
          if (store_down_-- > 0) return Unavailable("the store is down");
          std::unique_ptr<ResultStore> store =
              std::make_unique<MemoryResultStore>(results_, [] { return int64_t{1}; });
          return store;
        },
        &loop_);
  }

  RunRecord Plan(uint32_t fragments) {
    RunPlan plan;
    plan.period = kPeriod;
    for (uint32_t i = 0; i < fragments; ++i) {
      plan.fragments.push_back({{1024 * i / fragments, 1024 * (i + 1) / fragments}, NodeId{"n"}});
    }
    return *store_.PlanRun(epoch_, plan);
  }
  void Start(const RunRecord& run, int32_t no, Token token) {
    const auto& fragment = run.fragments.at(static_cast<size_t>(no));
    executor_->Start({run.id, run.period, run.slots, no, fragment.slots, token},
                     [this, no](const Result<CommitOutcome>& outcome) {
                       EXPECT_FALSE(outcomes_.contains(no)) << "replied twice";
                       outcomes_.emplace(no, outcome);
                     });
  }
  void Start(const RunRecord& run, int32_t no) {
    Start(run, no, run.fragments.at(static_cast<size_t>(no)).token);
  }
  void Await(size_t replies) {
    loop_.RunUntil([&] { return outcomes_.size() >= replies; });
  }

  EventLoop loop_;
  MemoryResults results_;
  MemoryResultStore store_{results_, [] { return int64_t{1}; }};
  Epoch epoch_;
  std::vector<std::string> names_;
  Script script_;
  std::atomic<int> store_down_{0};
  std::map<int32_t, Result<CommitOutcome>> outcomes_;
  std::unique_ptr<ScanExecutor> executor_;
};

TEST_F(ScanExecutorThread, ReadsOnceForAllFragmentsOfARunEvenWithGapsBetweenThem) {
  const RunRecord run = Plan(8);
  script_.hold = true;  // So that the others queue behind the first one.
  Start(run, 0);
  loop_.RunUntil([this] {
    loop_.Post([] {});
    return script_.opened == 1;
  });
  Start(run, 2);
  Start(run, 7);
  script_.hold = false;
  Await(3);
  EXPECT_EQ(script_.opened, 2) << "one reading for the first, one for those that waited";
  ASSERT_EQ(script_.queries.size(), 2U);
  EXPECT_EQ(script_.queries[0].slots, SlotSet(SlotRange{0, 128}));
  EXPECT_EQ(script_.queries[1].slots, SlotSet({{256, 384}, {896, 1024}})) << "nothing of the gap";
  const RunRecord now = *store_.ReadRun(run.id);
  uint64_t rows = 0;
  for (const int32_t no : {0, 2, 7}) {
    EXPECT_EQ(*outcomes_.at(no), CommitOutcome::kCommitted);
    rows += now.fragments[static_cast<size_t>(no)].rows;
  }
  EXPECT_GT(rows, 0U);
  EXPECT_EQ(now.fragments[1].state, FragmentState::kAssigned);
  for (const auto& [id, row] : results_.runs.at(run.id).rows) {
    const uint32_t slot = SlotOf("app", "", row.row.name.method, 1024);
    EXPECT_TRUE(run.fragments[static_cast<size_t>(*row.fragment_no)].slots.Contains(slot));
  }
  EXPECT_GE(executor_->spans_read(), names_.size());
}

TEST_F(ScanExecutorThread, AllFragmentsTogetherHoldEverySpanOnceI1) {
  const RunRecord run = Plan(5);
  for (int32_t no = 0; no < 5; ++no) Start(run, no);
  Await(5);
  EXPECT_EQ(results_.runs.at(run.id).rows.size(), names_.size());
  EXPECT_EQ(results_.runs.at(run.id).record.input.unplaced, 1U)
      << "once, whatever the number of fragments";
}

TEST_F(ScanExecutorThread, WhatIsDoneOrAnothersIsNotReadI4) {
  const RunRecord run = Plan(2);
  Start(run, 0);
  Await(1);
  outcomes_.clear();
  const Token newer = *store_.HandOver(epoch_, run.id, 1, NodeId{"other"});
  Start(run, 0);
  Start(run, 1);
  Await(2);
  EXPECT_EQ(*outcomes_.at(0), CommitOutcome::kAlreadyCommitted);
  EXPECT_EQ(outcomes_.at(1).error().code(), StatusCode::kFenced);
  EXPECT_EQ(script_.opened, 1);
  EXPECT_GT(newer, run.fragments[1].token);
}

TEST_F(ScanExecutorThread, AFragmentThatIsGivenUpWhileReadingIsNotCommitted) {
  const RunRecord run = Plan(2);
  script_.hold = true;
  Start(run, 0);
  loop_.RunUntil([this] {
    loop_.Post([] {});
    return script_.opened == 1;
  });
  Start(run, 1);
  executor_->Cancel(run.id, 1, run.fragments[1].token);  // Still queued.
  executor_->Cancel(run.id, 0, run.fragments[0].token);
  Await(2);
  for (const int32_t no : {0, 1}) {
    EXPECT_EQ(outcomes_.at(no).error().code(), StatusCode::kUnavailable);
  }
  EXPECT_TRUE(results_.runs.at(run.id).rows.empty());
}

TEST_F(ScanExecutorThread, AStoreThatIsAwayForAWhileIsWaitedFor) {
  const RunRecord run = Plan(1);
  store_down_ = 2;
  Start(run, 0);
  Await(1);
  EXPECT_TRUE(outcomes_.at(0).has_value());
}

TEST_F(ScanExecutorThread, ABrokenSourceOrAMissingSpanFailsTheFragmentI6) {
  const RunRecord run = Plan(1);
  script_.failure = BadInput("the index is gone");
  Start(run, 0);
  Await(1);
  EXPECT_THAT(outcomes_.at(0).error().message(), HasSubstr("the index is gone"));
  outcomes_.clear();
  script_.failure = Status::Ok();
  script_.expected = names_.size() + 2;  // One span fewer comes than was promised.
  Start(run, 0);
  Await(1);
  EXPECT_EQ(outcomes_.at(0).error().code(), StatusCode::kBadInput);
  EXPECT_EQ(store_.ReadRun(run.id)->fragments[0].state, FragmentState::kAssigned);
}

TEST_F(ScanExecutorThread, APeriodWithoutSpansIsCommittedAsEmpty) {
  const RunRecord run = Plan(2);
  script_.spans.clear();
  Start(run, 0);
  Start(run, 1);
  Await(2);
  EXPECT_TRUE(outcomes_.at(0).has_value());
  EXPECT_TRUE(outcomes_.at(1).has_value());
}

TEST_F(ScanExecutorThread, ItsEndGivesUpWhatIsRunning) {
  const RunRecord run = Plan(1);
  script_.hold = true;
  Start(run, 0);
  loop_.RunUntil([this] {
    loop_.Post([] {});
    return script_.opened == 1;
  });
  executor_.reset();
  EXPECT_TRUE(outcomes_.empty());
  EXPECT_EQ(store_.ReadRun(run.id)->fragments[0].state, FragmentState::kAssigned);
}

}  // namespace
}  // namespace tymbal::worker
