// What every source of spans promises; each kind joins at the end of the file.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/search_opener.h"
#include "contract/span_source_contract.h"
#include "support/search_test_server.h"
#include "support/test_environment.h"
#include "worker/file_source.h"
#include "worker/profile.h"

namespace tymbal::testing {
namespace {

using ::testing::TestWithParam;
using ::testing::Values;

class FileHarness : public SpanSourceHarness {
 public:
  FileHarness() : path_(::testing::TempDir() + fmt::format("span-source-{}.ndjson", getpid())) {
    std::filesystem::remove(path_);
  }
  ~FileHarness() override { std::filesystem::remove(path_); }

  void Load(const std::vector<std::string>& documents) override {
    std::ofstream file(path_, std::ios::app | std::ios::binary);
    for (const std::string& document : documents) file << document << '\n';
  }

  std::unique_ptr<worker::SpanSource> Open(const ReadChoice& /*choice*/) override {
    auto source =
        worker::FileSource::Create({.paths = {path_}, .profile = *worker::LoadProfile("tymbal")});
    EXPECT_TRUE(source) << source.error().message();
    return std::move(*source);
  }

  std::vector<ReadChoice> Choices() const override { return {{}}; }

 private:
  const std::string path_;
};

/// An index of two shards on a search server.
class SearchHarness : public SpanSourceHarness {
 public:
  explicit SearchHarness(const std::string& url)
      : indices_(url),
        index_(indices_.Create("all", SpanMappings(), R"({"number_of_shards":2})")) {}

  void Load(const std::vector<std::string>& documents) override {
    indices_.Load(index_, documents, fmt::format("{}-", ++loads_));
  }

  std::unique_ptr<worker::SpanSource> Open(const ReadChoice& choice) override {
    Config config = SearchTestConfig(indices_.url(), index_);
    config.search.slot_read = choice.slot_read;
    config.search.read = choice.read;
    config.search.page_spans = choice.page_spans;
    config.search.preference = choice.preference;
    auto opener = cli::SearchOpener::Create(config, *worker::LoadProfile("tymbal"),
                                            [](const std::string&) { return std::nullopt; });
    EXPECT_TRUE(opener) << opener.error().message();
    openers_.push_back(std::move(*opener));
    return openers_.back()->OpenSource();
  }

  std::vector<ReadChoice> Choices() const override {
    std::vector<ReadChoice> choices;
    for (const char* slot_read : {"field", "group", "scan"}) {
      for (const char* read : {"source", "values", "values_then_ids"}) {
        // Looking ids up needs a view that doesn't change.
        if (read == std::string("values_then_ids") && !indices_.version().HasPointInTime())
          continue;
        choices.push_back({.slot_read = slot_read, .read = read});
      }
    }
    return choices;
  }

 private:
  SearchTestIndices indices_;
  const std::string index_;
  int loads_ = 0;
  std::vector<std::unique_ptr<cli::SearchOpener>> openers_;
};

class SpanSourceContract : public TestWithParam<SpanSourceKind> {
 protected:
  void SetUp() override {
    const std::string missing = GetParam().missing ? GetParam().missing() : "";
    if (!missing.empty()) GTEST_SKIP() << missing;
    harness_ = GetParam().make();
  }

  SpanSourceHarness& harness() { return *harness_; }

 private:
  std::unique_ptr<SpanSourceHarness> harness_;
};

TEST_P(SpanSourceContract, BringsEverySpanOfThePeriodOnceWhateverTheParallelism) {
  const std::vector<TestSpan> spans = MakeSpans(2'500);
  harness().Load(Documents(spans));
  BroughtSpans wanted;
  for (const TestSpan& span : spans) wanted.span_ids.insert(span.span_id);
  for (const char* read : {"source", "values"}) {
    for (const size_t parallelism : {1U, 2U, 7U}) {
      SCOPED_TRACE(fmt::format("{}, {} readers", read, parallelism));
      const auto source = harness().Open({.read = read, .page_spans = 300});
      const auto brought = Drain(source.get(), kSuitePeriod, parallelism);
      ASSERT_TRUE(brought) << brought.error().message();
      EXPECT_EQ(brought->span_ids, wanted.span_ids);
      const auto expected = source->Expected({.range = kSuitePeriod});
      ASSERT_TRUE(expected) << expected.error().message();
      EXPECT_EQ(expected->value_or(brought->records), brought->records);
    }
  }
}

TEST_P(SpanSourceContract, PeriodsAreHalfOpenToTheMillisecond) {
  std::vector<TestSpan> spans;
  for (const int64_t border_ms : {kSuitePeriod.start_ms, kSuitePeriod.end_ms}) {
    for (const int64_t offset_ms : {-1, 0, 1}) {
      spans.push_back({.start_ms = border_ms + offset_ms,
                       .duration_us = static_cast<uint64_t>(spans.size()),
                       .span_id = fmt::format("{}", spans.size())});
    }
  }
  harness().Load(Documents(spans));
  const auto ids_of = [this](const Period& period) {
    const auto source = harness().Open({});
    const auto brought = Drain(source.get(), period, 2);
    EXPECT_TRUE(brought) << brought.error().message();
    return brought ? brought->span_ids : std::multiset<std::string>{"error"};
  };
  EXPECT_EQ(ids_of(kSuitePeriod), (std::multiset<std::string>{"1", "2", "3"}));
  EXPECT_EQ(ids_of({kSuitePeriod.end_ms, kSuitePeriod.end_ms + 300'000}),
            (std::multiset<std::string>{"4", "5"}));
  EXPECT_EQ(ids_of({kSuiteStartMs - 1, kSuiteStartMs + 1}), (std::multiset<std::string>{"0", "1"}));
  EXPECT_EQ(ids_of({kSuiteStartMs + 1, kSuiteStartMs + 2}), (std::multiset<std::string>{"2"}));
}

/// Spans, and records that don't count, for each reason that an index can hold.
std::vector<std::string> MixedDocuments(const std::vector<TestSpan>& spans) {
  std::vector<std::string> documents = Documents(spans);
  const std::string start = fmt::format(R"("start_time":{})", kSuiteStartMs + 5);
  const std::string named = R"("app":"orders","method":"list")";
  for (int i = 0; i < 3; ++i) {
    for (const std::string& members :
         {R"("method":"list","duration_us":1,)" + start,
          R"("app":"","method":"list","duration_us":1,)" + start,
          R"("app":"orders","duration_us":1,)" + start,
          R"("app":"orders","method":"","duration_us":1,)" + start,
          R"("app":"orders","method":null,"duration_us":1,)" + start, named + "," + start,
          named + R"(,"duration_us":-1,)" + start, named + R"(,"duration_us":1)"}) {
      documents.push_back("{" + members + "}");
    }
  }
  return documents;
}

TEST_P(SpanSourceContract, GivesTheNumbersOfItsSpansWhicheverWayItReads) {
  const std::vector<TestSpan> spans = MakeSpans(1'500);
  harness().Load(MixedDocuments(spans));
  ReadNumbers wanted = NumbersOf(spans);
  wanted.coverage.rejected[RejectReason::kMissingApp] = 6;
  wanted.coverage.rejected[RejectReason::kMissingMethod] = 9;
  wanted.coverage.rejected[RejectReason::kMissingDuration] = 3;
  wanted.coverage.rejected[RejectReason::kDurationNegative] = 3;
  wanted.coverage.read += 21;
  wanted.coverage.expected += 21;
  wanted.unplaced[RejectReason::kMissingStart] = 3;
  for (const ReadChoice& choice : harness().Choices()) {
    SCOPED_TRACE(fmt::format("slot_read {}, read {}", choice.slot_read, choice.read));
    const auto source = harness().Open(choice);
    const auto numbers = Read(source.get());
    ASSERT_TRUE(numbers) << numbers.error().message();
    EXPECT_EQ(numbers->coverage, wanted.coverage);
    EXPECT_EQ(numbers->unplaced, wanted.unplaced);
    EXPECT_EQ(numbers->rows, wanted.rows);
  }
}

TEST_P(SpanSourceContract, RangesOfSlotsAddUpToTheWholeI2) {
  const std::vector<TestSpan> spans = MakeSpans(1'500);
  harness().Load(MixedDocuments(spans));
  const auto source = harness().Open({});
  const auto whole = Read(source.get());
  ASSERT_TRUE(whole) << whole.error().message();
  const uint32_t own = SlotOf(spans[0].app, spans[0].service, spans[0].method, kSlotsDefault);
  const std::vector<std::vector<uint32_t>> partitions = {{0, 1, 300, 301, 700, kSlotsDefault},
                                                         {0, own, own + 1, kSlotsDefault}};
  for (const ReadChoice& choice : harness().Choices()) {
    for (const std::vector<uint32_t>& borders : partitions) {
      // A slot alone: enough for one way of reading.
      if (&borders != &partitions.front() && choice.read != "values") continue;
      SCOPED_TRACE(fmt::format("slot_read {}, read {}, to slot {}", choice.slot_read, choice.read,
                               borders[1]));
      ReadNumbers sum;
      for (size_t i = 0; i + 1 < borders.size(); ++i) {
        const auto part_source = harness().Open(choice);
        auto part = Read(part_source.get(), {.slots = SlotRange{borders[i], borders[i + 1]}});
        ASSERT_TRUE(part) << part.error().message();
        sum.Merge(std::move(*part));
      }
      EXPECT_EQ(sum.coverage, whole->coverage);
      EXPECT_EQ(sum.unplaced, whole->unplaced);
      EXPECT_EQ(sum.rows, whole->rows);
    }
  }
}

std::string MethodOfSlot(uint32_t slot) {
  for (int i = 0;; ++i) {
    std::string method = fmt::format("method-{}", i);
    if (SlotOf("orders", "api", method, kSlotsDefault) == slot) return method;
  }
}

/// After hand-overs a node has any set of slots.
TEST_P(SpanSourceContract, SetsOfSlotsWithGapsAddUpToTheWholeI2) {
  std::vector<TestSpan> spans = MakeSpans(1'500);
  const uint32_t own = SlotOf(spans[0].app, spans[0].service, spans[0].method, kSlotsDefault);
  const std::set<uint32_t> alone = {0, own, kSlotsDefault - 1};
  for (const uint32_t slot : alone) {
    spans.push_back({.method = MethodOfSlot(slot), .span_id = fmt::format("in-{}", slot)});
  }
  harness().Load(MixedDocuments(spans));
  const auto whole = Read(harness().Open({}).get());
  ASSERT_TRUE(whole) << whole.error().message();
  std::vector<std::vector<SlotRange>> ranges(3);
  for (uint32_t slot = 0; slot < kSlotsDefault; ++slot) {
    ranges[alone.contains(slot) ? 0 : 1 + slot / 16 % 2].push_back({slot, slot + 1});
  }
  for (const ReadChoice& choice : harness().Choices()) {
    SCOPED_TRACE(fmt::format("slot_read {}, read {}", choice.slot_read, choice.read));
    ReadNumbers sum;
    for (const std::vector<SlotRange>& of_one : ranges) {
      auto part = Read(harness().Open(choice).get(), {.slots = SlotSet(of_one)});
      ASSERT_TRUE(part) << part.error().message();
      EXPECT_FALSE(part->rows.empty());
      sum.Merge(std::move(*part));
    }
    EXPECT_EQ(sum.coverage, whole->coverage);
    EXPECT_EQ(sum.unplaced, whole->unplaced);
    EXPECT_EQ(sum.rows, whole->rows);
  }
}

TEST_P(SpanSourceContract, APeriodWithoutSpansIsReadAndEmpty) {
  harness().Load(Documents(MakeSpans(10)));
  const auto source = harness().Open({});
  const Period later{kSuitePeriod.end_ms, kSuitePeriod.end_ms + 300'000};
  const auto numbers = Read(source.get(), {.period = later});
  ASSERT_TRUE(numbers) << numbers.error().message();
  EXPECT_EQ(numbers->coverage, Coverage());
  EXPECT_TRUE(numbers->rows.empty());
}

std::vector<SpanSourceKind> Kinds() {
  std::vector<SpanSourceKind> kinds = {{"File", [] { return std::make_unique<FileHarness>(); }}};
  for (const SearchTestServer& server : SearchTestServers()) {
    kinds.push_back({server.name,
                     [server] { return std::make_unique<SearchHarness>(*FindServer(server)); },
                     [server] { return FindServer(server) ? "" : WhyNoServer(server.variable); }});
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Source, SpanSourceContract, ::testing::ValuesIn(Kinds()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tymbal::testing
