#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "generate/random.h"

namespace tymbal::testing {

/// Virtual time and everything that is to happen in it, in order of (time, sequence). The same seed
/// gives the same history, to the last event. Thread: one.
class World {
 public:
  explicit World(uint64_t seed) : random_(seed) {}

  int64_t now_ms() const { return now_ms_; }
  uint64_t events() const { return events_; }
  /// Returns a hash over all that was traced: equal histories have equal ones.
  uint64_t trace_hash() const { return trace_hash_; }
  /// The last lines that were traced, oldest first.
  const std::deque<std::string>& trace() const { return trace_; }

  void At(int64_t time_ms, std::function<void()> run);
  /// Runs all that is to happen up to and including `time_ms`.
  void RunUntil(int64_t time_ms);
  void Trace(std::string_view who, std::string_view what);
  /// Prints each traced line at once.
  void set_verbose(bool verbose) { verbose_ = verbose; }

  /// Returns a number in [0, limit).
  int64_t Below(int64_t limit) {
    return static_cast<int64_t>(random_.Below(static_cast<uint64_t>(limit)));
  }
  /// Returns a number in [from, to].
  int64_t Between(int64_t from, int64_t to) { return from + Below(to - from + 1); }
  bool Chance(double probability) {
    return static_cast<double>(random_.Below(1'000'000)) < probability * 1e6;
  }

 private:
  struct Event {
    int64_t time_ms;
    uint64_t sequence;
    std::function<void()> run;
    bool operator>(const Event& other) const {
      return std::pair(time_ms, sequence) > std::pair(other.time_ms, other.sequence);
    }
  };

  generate::Random random_;
  int64_t now_ms_ = 0;
  uint64_t sequence_ = 0;
  uint64_t events_ = 0;
  uint64_t trace_hash_ = 0;
  bool verbose_ = false;
  std::deque<std::string> trace_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> queue_;
};

/// One incarnation of a node's process: it may be frozen (nothing runs until it is thawed, and then
/// all at once, as after SIGSTOP or a long pause of the machine) or dead (nothing ever runs again).
/// It is the node's Clock. Outlives everything that the process posted.
class Process : public Clock {
 public:
  /// `skew_ms`: how far its wall clock is ahead.
  Process(World* world, std::string name, int64_t skew_ms)
      : world_(world), name_(std::move(name)), skew_ms_(skew_ms) {}

  int64_t NowMs() const override { return world_->now_ms() + skew_ms_; }
  int64_t MonotonicMs() const override { return world_->now_ms(); }
  void Post(std::function<void()> task) override {
    After(std::chrono::milliseconds(0), std::move(task));
  }
  void After(std::chrono::milliseconds delay, std::function<void()> task) override;

  void Freeze() { frozen_ = true; }
  void Thaw();
  void Kill() {
    alive_ = false;
    held_.clear();
  }

  bool alive() const { return alive_; }
  bool frozen() const { return frozen_; }
  const std::string& name() const { return name_; }
  World* world() const { return world_; }

 private:
  void Run(std::function<void()> task);

  World* const world_;
  const std::string name_;
  const int64_t skew_ms_;
  bool alive_ = true;
  bool frozen_ = false;
  std::deque<std::function<void()>> held_;
};

}  // namespace tymbal::testing
