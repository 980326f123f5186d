#include "worker/scan.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>

namespace tymbal::worker {
namespace {

constexpr int64_t kStart = 1'795'341'600'000;

/// A source in memory whose readers share a counter of spans to give.
class CountingSource : public SpanSource {
 public:
  explicit CountingSource(uint64_t spans) : spans_(spans) {}

  Result<std::vector<std::unique_ptr<SpanReader>>> Open(const SpanQuery& /*query*/,
                                                        size_t parallelism) override {
    std::vector<std::unique_ptr<SpanReader>> readers;
    for (size_t i = 0; i < parallelism; ++i) readers.push_back(std::make_unique<Reader>(this));
    return readers;
  }
  Result<std::optional<uint64_t>> Expected(const SpanQuery& /*query*/) override { return promised; }
  std::string Describe() const override { return "the counting source"; }

  std::optional<uint64_t> promised;
  uint64_t fail_at = UINT64_MAX;

 private:
  class Reader : public SpanReader {
   public:
    explicit Reader(CountingSource* source) : source_(source) {}
    Result<bool> Next(SpanBatch* batch) override {
      batch->Clear();
      texts_.clear();
      const uint64_t begin = source_->next_.fetch_add(100);
      const uint64_t end = std::min(begin + 100, source_->spans_);
      if (begin >= end) return false;
      if (source_->fail_at < end) return Unavailable("the source is gone");
      for (uint64_t i = begin; i < end; ++i) texts_.push_back("method" + std::to_string(i % 50));
      for (uint64_t i = begin; i < end; ++i) {
        Span span;
        span.app = "app";
        span.method = texts_[i - begin];
        span.start_ms = kStart + static_cast<int64_t>(i % 3) * 60'000;
        span.duration_us = i;
        batch->spans.push_back(span);
      }
      return true;
    }

   private:
    CountingSource* source_;
    std::vector<std::string> texts_;
  };

  uint64_t spans_;
  std::atomic<uint64_t> next_{0};
};

ScanOptions Options(size_t threads) {
  return {.aggregator = {.grid = *PeriodGrid::Create(60'000, 0), .apdex = {}},
          .threads = threads,
          .on_progress = {},
          .progress_interval = std::chrono::milliseconds(1)};
}

TEST(Scan, ThreadsTogetherCountEverySpanOnceI1) {
  std::vector<std::string> fingerprints;
  for (const size_t threads : {1U, 2U, 8U}) {
    CountingSource source(30'000);
    source.promised = 30'000;
    uint64_t last = 0;
    ScanOptions options = Options(threads);
    options.on_progress = [&last](uint64_t records) {
      EXPECT_GE(records, last);
      last = records;
    };
    const auto result = Scan(&source, {}, options);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(last, 30'000U);
    std::string fingerprint;
    for (const int64_t start_ms : (*result)->PeriodStarts()) {
      fingerprint += (*result)->Fingerprint(start_ms) + " ";
      EXPECT_EQ((*result)->Totals(start_ms).calls, 10'000U);
    }
    fingerprints.push_back(fingerprint);
  }
  EXPECT_EQ(fingerprints[0], fingerprints[1]);
  EXPECT_EQ(fingerprints[0], fingerprints[2]);
}

TEST(Scan, FewerOrMoreSpansThanPromisedAreAnErrorI6) {
  for (const uint64_t promised : {29'999U, 30'001U}) {
    CountingSource source(30'000);
    source.promised = promised;
    const auto result = Scan(&source, {}, Options(2));
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message().find("30000 came"), std::string::npos);
  }
}

TEST(Scan, AnErrorOfOneReaderStopsAll) {
  CountingSource source(10'000'000);
  source.fail_at = 5'000;
  const auto result = Scan(&source, {}, Options(4));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "the source is gone");
}

}  // namespace
}  // namespace tymbal::worker
