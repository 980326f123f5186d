#include "simulation/sim_executor.h"

#include <fmt/format.h>

#include <utility>

namespace tymbal::testing {
namespace {

constexpr int kSteps = 4;
constexpr int kCommitTries = 5;

}  // namespace

void SimExecutor::Start(const worker::FragmentWork& work, Done done) {
  auto job = std::make_shared<Job>();  // Lives as long as a reply to it may come.
  job->work = work;
  job->done = std::move(done);
  checkers_->OnStart({process_->name()}, work);
  if (!jobs_.try_emplace({work.run, work.no, work.token}, job).second) {
    checkers_->Fail(fmt::format("I3: {} began fragment {} of run {} twice at a time",
                                process_->name(), work.no, work.run.value));
  }
  process_->Post([this, job] { Read(job, kSteps); });
}

void SimExecutor::Cancel(RunId run, int32_t fragment_no, Token token) {
  const auto found = jobs_.find({run, fragment_no, token});
  if (found == jobs_.end() || found->second->committing) return;
  Finish(found->second, Unavailable("cancelled"));
}

std::vector<worker::FragmentWork> SimExecutor::Running() const {
  std::vector<worker::FragmentWork> works;
  for (const auto& [key, job] : jobs_) works.push_back(job->work);
  return works;
}

void SimExecutor::Read(const std::shared_ptr<Job>& job, int steps) {
  if (job->finished) return;
  World* const world = process_->world();
  if (steps == 0) return Commit(job);
  if (world->Chance(faults_->stuck / kSteps)) return;
  if (faults_->down || world->Chance(faults_->error / kSteps)) {
    return Finish(job, BadInput("the source is broken"));
  }
  ++spans_read_;
  process_->After(std::chrono::milliseconds(world->Between(1, faults_->read_ms / kSteps)),
                  [this, job, steps] { Read(job, steps - 1); });
}

void SimExecutor::Commit(const std::shared_ptr<Job>& job) {
  job->committing = true;
  ++job->tries;
  const worker::FragmentWork work = job->work;
  auto result = std::make_shared<worker::FragmentResult>(
      spans_->Compute(work.period, work.slots, work.slot_count));
  World* const world = process_->world();
  world->At(
      world->now_ms() + StoreLatencyMs(world, *store_faults_), [this, world, job, work, result] {
        FragmentCommit commit{.run = work.run,
                              .fragment_no = work.no,
                              .token = work.token,
                              .coverage = result->coverage,
                              .rows = &result->rows};
        const Result<CommitOutcome> outcome = store_->CommitFragment(commit);
        world->At(world->now_ms() + StoreLatencyMs(world, *store_faults_), [this, job, outcome] {
          process_->Post([this, job, outcome] {
            const bool again = !outcome && outcome.error().error_class() != ErrorClass::kPermanent;
            if (!again || job->tries >= kCommitTries) return Finish(job, outcome);
            process_->After(std::chrono::milliseconds(200), [this, job] { Commit(job); });
          });
        });
      });
}

void SimExecutor::Finish(std::shared_ptr<Job> job, Result<CommitOutcome> outcome) {
  if (job->finished) return;
  job->finished = true;
  jobs_.erase({job->work.run, job->work.no, job->work.token});
  process_->Post([job, outcome = std::move(outcome)] { job->done(outcome); });
}

}  // namespace tymbal::testing
