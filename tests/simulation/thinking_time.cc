#include "simulation/thinking_time.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <utility>
#include <variant>

#include "common/znode_records.h"
#include "master/decision.h"

namespace tymbal::testing {
namespace {

using Times = std::vector<std::pair<std::string, double>>;  // What, and the ms that it takes.

template <typename Work>
double MsOf(const Work& work) {
  constexpr int kTimes = 50;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kTimes; ++i) work();
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count() / kTimes;
}

Times MeasureOne(const ScaleOptions& size) {
  using namespace master;  // NOLINT: nothing but its words
  const int per_node = (size.fragments + size.nodes - 1) / size.nodes;
  const JobShape job{
      .fragments_per_node = static_cast<uint32_t>(per_node), .settings = "s", .source = "f"};
  ClusterView view;
  view.epoch = {1};
  for (int i = 0; i < size.nodes; ++i) {
    view.members.push_back({.node = {fmt::format("node-{:04}.example.net", i)}});
  }
  view.due = Period{0, 60'000};
  FragmentWatch watch({});
  Times times;
  times.emplace_back("planning a run", MsOf([&] { (void)Decide(job, view, watch, 0); }));
  const Decision planned = Decide(job, view, watch, 0);
  RunRecord run;
  run.id = {1};
  run.slots = job.slots;
  run.input.settings = job.settings;
  run.input.source = job.source;
  for (const FragmentPlan& plan : std::get<PlanPeriod>(planned).plan.fragments) {
    FragmentRecord& fragment = run.fragments.emplace_back();
    fragment.no = static_cast<int32_t>(run.fragments.size() - 1);
    fragment.slots = plan.slots;
    fragment.node = plan.node;
    fragment.token = {1};
  }
  view.open_runs = {run};
  view.board = TaskOf(view.epoch, run);
  std::string text;
  times.emplace_back("writing /job", MsOf([&] { text = EncodeTask(TaskOf(view.epoch, run)); }));
  times.emplace_back("reading /job", MsOf([&] { (void)DecodeTask(text); }));
  const auto step = [&] {
    watch.Observe(run, view.members, {}, 0);
    (void)Decide(job, view, watch, 0);
  };
  times.emplace_back("a step in which nothing is to do", MsOf(step));
  view.members.resize(view.members.size() / 2);
  times.emplace_back("a step in which half of the nodes are gone", MsOf(step));
  return times;
}

}  // namespace

std::string MeasureThinking(const std::vector<ScaleOptions>& sizes) {
  std::string head = "| nodes / fragments |";
  std::string line = "|---|";
  std::vector<std::string> rows;
  for (const ScaleOptions& size : sizes) {
    head += fmt::format(" {} / {} |", size.nodes, size.fragments);
    line += "---:|";
    const Times times = MeasureOne(size);
    rows.resize(times.size());
    for (size_t i = 0; i < times.size(); ++i) {
      if (rows[i].empty()) rows[i] = fmt::format("| {} |", times[i].first);
      rows[i] += fmt::format(" {:.2f} ms |", times[i].second);
    }
  }
  std::string text = head + '\n' + line + '\n';
  for (const std::string& row : rows) text += row + '\n';
  return text;
}

}  // namespace tymbal::testing
