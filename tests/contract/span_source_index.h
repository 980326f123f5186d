#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/search_opener.h"
#include "contract/span_source_contract.h"
#include "support/search_test_server.h"
#include "support/test_environment.h"
#include "worker/profile.h"
#include "worker/search_source.h"

namespace tymbal::testing {

/// Indices of one test on one search server, and readings of them.
class SpanSourceIndex : public ::testing::TestWithParam<SearchTestServer> {
 protected:
  void SetUp() override {
    const auto url = FindServer(GetParam());
    if (!url) GTEST_SKIP() << WhyNoServer(GetParam().variable);
    indices_ = std::make_unique<SearchTestIndices>(*url);
  }

  SearchTestIndices& indices() { return *indices_; }
  bool has_point_in_time() const { return indices_->version().HasPointInTime(); }

  std::unique_ptr<worker::SearchSource> Open(
      const std::string& index, const ReadChoice& choice = {},
      const worker::Profile& profile = *worker::LoadProfile("tymbal")) {
    Config config = SearchTestConfig(indices_->url(), index);
    config.search.slot_read = choice.slot_read;
    config.search.read = choice.read;
    config.search.page_spans = choice.page_spans;
    config.search.preference = choice.preference;
    config.search.patience_ms = 1'000;
    auto opener =
        cli::SearchOpener::Create(config, profile, [](const std::string&) { return std::nullopt; });
    EXPECT_TRUE(opener) << opener.error().message();
    openers_.push_back(std::move(*opener));
    return openers_.back()->OpenSource();
  }

  Result<ReadNumbers> ReadAll(const std::string& index, const ReadChoice& choice = {},
                              const worker::Profile& profile = *worker::LoadProfile("tymbal"),
                              const Period& period = kSuitePeriod) {
    return Read(Open(index, choice, profile).get(), {.period = period});
  }

  /// Reads in three ranges of slots.
  Result<ReadNumbers> ReadInParts(const std::string& index, const ReadChoice& choice = {},
                                  const worker::Profile& profile = *worker::LoadProfile("tymbal"),
                                  const Period& period = kSuitePeriod) {
    ReadNumbers sum;
    for (const SlotRange slots : {SlotRange{0, 100}, SlotRange{100, 700}, SlotRange{700, 1024}}) {
      TYMBAL_ASSIGN_OR_RETURN(ReadNumbers part, Read(Open(index, choice, profile).get(),
                                                     {.slots = slots, .period = period}));
      sum.Merge(std::move(part));
    }
    return sum;
  }

  /// The index holds these spans, whether it is read at once or in parts.
  void ExpectNumbers(const ReadNumbers& wanted, const std::string& index,
                     const ReadChoice& choice = {},
                     const worker::Profile& profile = *worker::LoadProfile("tymbal"),
                     const Period& period = kSuitePeriod) {
    SCOPED_TRACE(fmt::format("slot_read {}, read {}", choice.slot_read, choice.read));
    for (const bool whole : {true, false}) {
      const auto numbers = whole ? ReadAll(index, choice, profile, period)
                                 : ReadInParts(index, choice, profile, period);
      ASSERT_TRUE(numbers) << numbers.error().message();
      EXPECT_EQ(numbers->coverage, wanted.coverage) << (whole ? "whole" : "in parts");
      EXPECT_EQ(numbers->unplaced, wanted.unplaced) << (whole ? "whole" : "in parts");
      EXPECT_TRUE(numbers->rows == wanted.rows) << (whole ? "whole" : "in parts");
    }
  }

  void ExpectError(StatusCode code, const ::testing::Matcher<std::string>& message,
                   const Result<ReadNumbers>& numbers) {
    ASSERT_FALSE(numbers);
    EXPECT_EQ(numbers.error().code(), code) << numbers.error().message();
    EXPECT_THAT(numbers.error().message(), message);
  }

 private:
  std::unique_ptr<SearchTestIndices> indices_;
  std::vector<std::unique_ptr<cli::SearchOpener>> openers_;
};

}  // namespace tymbal::testing
