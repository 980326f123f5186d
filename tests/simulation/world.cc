#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace tymbal::testing {
namespace {

constexpr size_t kTraceLines = 60;

/// FNV-1a: any change of the text changes it, and it is the same everywhere.
uint64_t HashText(uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return hash;
}

}  // namespace

void World::At(int64_t time_ms, std::function<void()> run) {
  queue_.push({std::max(time_ms, now_ms_), sequence_++, std::move(run)});
}

void World::RunUntil(int64_t time_ms) {
  while (!queue_.empty() && queue_.top().time_ms <= time_ms) {
    now_ms_ = queue_.top().time_ms;
    const std::function<void()> run = queue_.top().run;
    queue_.pop();
    ++events_;
    run();
  }
  now_ms_ = time_ms;
}

void World::Trace(std::string_view who, std::string_view what) {
  std::string line = fmt::format("{:>7} {:<8} {}", now_ms_ % 10'000'000, who, what);
  trace_hash_ = HashText(trace_hash_, line);
  if (verbose_) std::puts(line.c_str());
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceLines) trace_.pop_front();
}

void Process::After(std::chrono::milliseconds delay, std::function<void()> task) {
  world_->At(world_->now_ms() + delay.count(),
             [this, task = std::move(task)]() mutable { Run(std::move(task)); });
}

void Process::Run(std::function<void()> task) {
  if (!alive_) return;
  if (frozen_) {
    held_.push_back(std::move(task));
    return;
  }
  task();
}

void Process::Thaw() {
  frozen_ = false;
  for (std::function<void()>& task : std::exchange(held_, {})) Post(std::move(task));
}

}  // namespace tymbal::testing
