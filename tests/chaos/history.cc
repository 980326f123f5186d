#include "chaos/history.h"

#include <fmt/format.h>

#include <utility>

namespace tymbal::chaos {
namespace {

constexpr size_t kShownMax = 5;

}  // namespace

std::string_view ViolationName(Violation violation) {
  switch (violation) {
    case Violation::kCommittedTwice:
      return "committed-twice";
    case Violation::kLostCommit:
      return "lost-commit";
    case Violation::kForeignRows:
      return "foreign-rows";
    case Violation::kWrongNumbers:
      return "wrong-numbers";
    case Violation::kHalfPublished:
      return "half-published";
    case Violation::kOldEpoch:
      return "old-epoch";
    case Violation::kBrokenLedger:
      return "broken-ledger";
    case Violation::kUnexpectedError:
      return "unexpected-error";
    case Violation::kStuck:
      return "stuck";
  }
  return "";
}

void History::AddCommit(CommitCall call) {
  const std::lock_guard lock(mutex_);
  commits_.push_back(std::move(call));
}

void History::AddViolation(Violation violation, std::string text) {
  const std::lock_guard lock(mutex_);
  violations_[violation].push_back(std::move(text));
}

void History::Count(std::string_view what) {
  const std::lock_guard lock(mutex_);
  ++counts_[std::string(what)];
}

std::vector<CommitCall> History::commits() const {
  const std::lock_guard lock(mutex_);
  return commits_;
}

bool History::Has(Violation violation) const {
  const std::lock_guard lock(mutex_);
  return violations_.count(violation) > 0;
}

bool History::clean() const {
  const std::lock_guard lock(mutex_);
  return violations_.empty();
}

std::string History::Findings() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [violation, found] : violations_) {
    text += fmt::format("  {}: {}\n", ViolationName(violation), found.size());
    for (size_t i = 0; i < found.size() && i < kShownMax; ++i) {
      text += fmt::format("    {}\n", found[i]);
    }
  }
  return text;
}

std::string History::Summary() const {
  const std::lock_guard lock(mutex_);
  std::string text = fmt::format("{} commit calls", commits_.size());
  for (const auto& [what, count] : counts_) text += fmt::format(", {} {}", count, what);
  return text;
}

}  // namespace tymbal::chaos
