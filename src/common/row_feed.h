#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "common/check.h"
#include "common/endpoint_stat.h"
#include "common/status.h"

namespace tymbal {

/// Rows that come some at a time, so that they need never be in memory all at once. Copies feed the
/// same rows. Thread: whatever stands behind it.
class RowFeed {
 public:
  using Take = std::function<Status(std::span<const StatRow>)>;

  RowFeed() = default;
  /// Feeds what is in memory already, which must outlive it. By intent not explicit.
  RowFeed(const std::vector<StatRow>* rows)
      : feed_([rows](const Take& take) { return take(*rows); }) {
    TYMBAL_CHECK(rows != nullptr, "a feed without rows");
  }
  /// `feed` calls what it is given with the rows, as often as it likes, ends with the first error
  /// of it, and may be called again: then all rows come again.
  explicit RowFeed(std::function<Status(const Take&)> feed) : feed_(std::move(feed)) {}

  /// Calls `take` with all rows, in their order; it must not keep references to them. Errors: those
  /// of `take` and of who computes the rows. REQUIRES: there is a feed.
  Status Visit(const Take& take) const { return feed_(take); }

  explicit operator bool() const { return feed_ != nullptr; }

 private:
  std::function<Status(const Take&)> feed_;
};

}  // namespace tymbal
