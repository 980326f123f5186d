#include "worker/file_source.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/slot.h"
#include "worker/decoder.h"

namespace tymbal::worker {
namespace {

std::string Line(int i) {
  return R"({"app":"a","method":"m\u0041)" + std::to_string(i % 7) +
         R"(","start_time":1795341600000,"duration_us":)" + std::to_string(i) + "}\n";
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(text.size() + 1000, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// With a check sum, as the zstd command writes it.
std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return out;
}

class FileSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    // The process is part of the name: two users may run the tests at once.
    folder_ =
        std::filesystem::path(testing::TempDir()) /
        (testing::UnitTest::GetInstance()->current_test_info()->name() + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }

  static Result<std::unique_ptr<FileSource>> Create(std::vector<std::string> paths,
                                                    bool strict = false) {
    return FileSource::Create(
        {.paths = std::move(paths), .profile = *LoadProfile("tymbal"), .strict = strict});
  }

  /// Reads all with several threads; returns how often each duration came.
  static Result<std::map<uint64_t, int>> Read(FileSource* source, size_t threads,
                                              std::optional<Period> range = std::nullopt) {
    TYMBAL_ASSIGN_OR_RETURN(const auto readers, source->Open({.range = range}, threads));
    std::vector<std::map<uint64_t, int>> counts(threads);
    std::vector<Status> statuses(threads);
    {
      std::vector<std::jthread> pool;
      for (size_t i = 0; i < threads; ++i) {
        pool.emplace_back([&, i] { statuses[i] = Drain(readers[i].get(), &counts[i]); });
      }
    }
    std::map<uint64_t, int> all;
    for (size_t i = 0; i < threads; ++i) {
      if (!statuses[i].ok()) return statuses[i];
      for (const auto& [duration_us, count] : counts[i]) all[duration_us] += count;
    }
    return all;
  }

  static Status Drain(SpanReader* reader, std::map<uint64_t, int>* counts) {
    SpanBatch batch;
    while (true) {
      TYMBAL_ASSIGN_OR_RETURN(const bool more, reader->Next(&batch));
      if (!more) return Status::Ok();
      for (const Span& span : batch.spans) {
        EXPECT_TRUE(span.method.starts_with("mA")) << "an unescaped name was overwritten";
        ++(*counts)[span.duration_us];
      }
    }
  }

  std::filesystem::path folder_;
};

TEST_F(FileSourceTest, ReadersTogetherBringEverySpanOnceFromEveryFormat) {
  std::string parts[3];
  for (int i = 0; i < 60'000; ++i) parts[i % 3] += Line(i);
  // Two gzip members, and two zstd frames, are one text.
  const size_t half = parts[1].find('\n', parts[1].size() / 2) + 1;
  const std::string gz = Gzip(parts[1].substr(0, half)) + Gzip(parts[1].substr(half));
  const std::string zst = Zstd(parts[2].substr(0, 1000)) + Zstd(parts[2].substr(1000));
  const auto source =
      Create({Write("a.ndjson", parts[0]), Write("b.gz", gz), Write("c.anything", zst)});
  ASSERT_TRUE(source) << source.error().message();
  for (const size_t threads : {1U, 2U, 5U}) {
    const auto counts = Read(source->get(), threads);
    ASSERT_TRUE(counts) << counts.error().message();
    EXPECT_EQ(counts->size(), 60'000U);
    for (const auto& [duration_us, count] : *counts) ASSERT_EQ(count, 1) << duration_us;
    EXPECT_EQ((*source)->consumed_bytes(), (*source)->total_bytes());
  }
}

/// What the lines hold when each is decoded alone, by a decoder that knows no other.
std::pair<std::vector<uint64_t>, std::vector<RejectReason>> LineByLine(const std::string& text) {
  std::pair<std::vector<uint64_t>, std::vector<RejectReason>> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto decoder = *Decoder::Create(*LoadProfile("tymbal"), kSlotsDefault);
    const std::string padded = line + std::string(kRecordPadding, '"');
    Arena texts;
    Span span;
    Decoder::Rejection rejection;
    const auto outcome =
        decoder->Decode(std::string_view(padded).substr(0, line.size()), &texts, &span, &rejection);
    if (outcome == Decoder::Outcome::kSpan) all.first.push_back(span.duration_us);
    if (outcome == Decoder::Outcome::kRejected) all.second.push_back(rejection.reason);
  }
  return all;
}

/// Where a line ends is guessed from the one before, and no guess may make one record of two lines,
/// or two of one.
TEST_F(FileSourceTest, ALineIsARecordWhateverIsInItI6) {
  // The same objects over two lines each are records in a list: known, but of no line.
  std::string list = "[";
  std::string text = Line(900) + Line(901) + Line(902);
  for (int i = 0; i < 10; ++i) {
    std::string object = Line(i);
    object.insert(object.find(",\"method") + 1, "\n");
    list += (i == 0 ? "" : ",") + object;
    text += Line(910 + i) + object;
  }
  // Outside of strings: where a string is damaged, the whole chunk goes without guesses.
  const std::vector<std::string> pieces = {"\n", "\r\n", " ", "\n\n", "{}", "}", "\n}"};
  std::mt19937_64 random(3);
  for (int i = 0; i < 6'000; ++i) {
    std::string line = Line(1000 + i);
    // Mostly of one shape, so that there is something to guess.
    if (random() % 4 == 0) {
      const size_t place = line.find_first_of("{,:}\n", random() % line.size());
      line.insert(place + random() % 2, pieces[random() % pieces.size()]);
    }
    if (i >= 3'000) line.insert(line.size() - 1, "\r");
    text += line;
  }
  const auto source = Create({Write("list.json", list + "]"), Write("lines.ndjson", text)});
  ASSERT_TRUE(source) << source.error().message();
  const auto readers = (*source)->Open({}, 1);
  std::pair<std::vector<uint64_t>, std::vector<RejectReason>> all;
  SpanBatch batch;
  while (*(*readers)[0]->Next(&batch)) {
    for (const Span& span : batch.spans) all.first.push_back(span.duration_us);
    for (const RejectedRecord& record : batch.rejected) all.second.push_back(record.reason);
  }
  ASSERT_GE(all.first.size(), 3'010U);
  EXPECT_EQ(all.first[9], 9U) << "the list has the first ten";
  all.first.erase(all.first.begin(), all.first.begin() + 10);
  const auto expected = LineByLine(text);
  EXPECT_EQ(all.first, expected.first);
  EXPECT_EQ(all.second, expected.second);
}

TEST_F(FileSourceTest, ARangeTakesItsSpansOnly) {
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += R"({"app":"a","method":"mA","start_time":)" + std::to_string(1795341600000 + i) +
            R"(,"duration_us":)" + std::to_string(i) + "}\n";
  }
  const auto source = Create({Write("a", text)});
  const auto counts = Read(source->get(), 1, Period{1795341600003, 1795341600006});
  ASSERT_TRUE(counts);
  EXPECT_EQ(*counts, (std::map<uint64_t, int>{{3, 1}, {4, 1}, {5, 1}}));
}

TEST_F(FileSourceTest, SamplesNameFileAndLineHoweverManyThreadsRead) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += i == 40'000 || i == 49'999 ? "{broken\n" : Line(i);
  const auto source = Create({Write("good", Line(1) + "\n" + Line(2)), Write("bad", text)});
  for (const size_t threads : {1U, 4U}) {
    ASSERT_TRUE(Read(source->get(), threads));
    const auto samples = (*source)->RejectSamples();
    ASSERT_EQ(samples.size(), 2U);
    EXPECT_EQ(samples[0].file, folder_ / "bad");
    EXPECT_EQ(samples[0].line, 40'001U);
    EXPECT_EQ(samples[0].excerpt, "{broken");
    EXPECT_EQ(samples[1].line, 50'000U);
  }
}

TEST_F(FileSourceTest, StrictNamesTheFirstBadRecordHoweverManyThreadsRead) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += i >= 30'000 && i % 100 == 0 ? "{broken\n" : Line(i);
  const auto source = Create({Write("bad", text)}, /*strict=*/true);
  for (const size_t threads : {1U, 4U}) {
    const auto counts = Read(source->get(), threads);
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().code(), StatusCode::kBadInput);
    EXPECT_NE(counts.error().message().find("bad:30001: "), std::string::npos)
        << counts.error().message();
  }
}

TEST_F(FileSourceTest, StrictDoesntWaitForAReaderThatWentAway) {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += i == 59'999 ? "{broken\n" : Line(i);
  const auto source = Create({Write("bad", text)}, /*strict=*/true);
  auto readers = (*source)->Open({}, 2);
  ASSERT_TRUE(readers);
  SpanBatch batch;
  ASSERT_TRUE((*readers)[0]->Next(&batch));  // Holds the first chunk, and stops in it.
  (*readers)[0].reset();
  std::map<uint64_t, int> counts;
  EXPECT_EQ(Drain((*readers)[1].get(), &counts).code(), StatusCode::kBadInput);
}

TEST_F(FileSourceTest, CutOrDamagedCompressionIsAnErrorNeverLessSpansI6) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += Line(i);
  for (const std::string& whole : {Gzip(text), Zstd(text)}) {
    for (const size_t size : {whole.size() - 1, whole.size() / 2, size_t{30}}) {
      const auto source = Create({Write("cut", whole.substr(0, size))});
      const auto counts = Read(source->get(), 2);
      ASSERT_FALSE(counts) << size;
      EXPECT_NE(counts.error().message().find("cut"), std::string::npos);
    }
    std::string damaged = whole;
    damaged[damaged.size() / 2] ^= 0x55;
    EXPECT_FALSE(Read(Create({Write("damaged", damaged)})->get(), 1));
    EXPECT_FALSE(Read(Create({Write("garbage", whole + "garbage")})->get(), 1));
  }
}

TEST_F(FileSourceTest, ReadsSavedAnswersOfASearchOrNothingIfOneIsCutI6) {
  std::vector<std::string> paths;
  for (int page = 0; page < 20; ++page) {
    std::string text = R"({"took":1,"timed_out":false,"hits":{"hits":[)";
    for (int i = 0; i < 1000; ++i) {
      const std::string line = Line(1000 * page + i);
      text += std::string(i == 0 ? "" : ",") + R"({"_index":"x","_source":)" +
              line.substr(0, line.size() - 1) + "}";
    }
    paths.push_back(Write("page" + std::to_string(page), text + "]}}"));
  }
  for (const size_t threads : {1U, 3U}) {
    const auto counts = Read(Create(paths)->get(), threads);
    ASSERT_TRUE(counts) << counts.error().message();
    EXPECT_EQ(counts->size(), 20'000U);
  }
  std::filesystem::resize_file(paths[7], std::filesystem::file_size(paths[7]) - 1);
  for (const bool strict : {false, true}) {
    const auto counts = Read(Create(paths, strict)->get(), 3);
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().code(), StatusCode::kBadInput);
    EXPECT_NE(counts.error().message().find(paths[7] + ": the answer at byte 0"),
              std::string::npos);
  }
}

/// Hits are decoded by their shape; what has that shape and is no hit must not be.
TEST_F(FileSourceTest, LinesThatLookLikeHitsAreRecords) {
  std::string hits;
  std::string nested;
  std::string lines;
  for (int i = 0; i < 2000; ++i) {
    std::string document = Line(i);
    document.pop_back();
    const std::string hit = R"({"_index":"x","_source":)" + document + "}";
    hits += (i == 0 ? "" : ",") + hit;
    nested += R"(,{"_index":"x","_source":)" + hit + "}";
    lines += hit + "\n";
  }
  const std::string page = Write("page", R"({"hits":{"hits":[)" + hits + "]}}");
  const std::string both = Write("both", R"({"hits":{"hits":[)" + hits + nested + "]}}");
  const std::string dump = Write("dump", lines);  // The fields are one level too deep.
  for (const auto& paths : {std::vector{page, dump}, std::vector{dump, page}, std::vector{both}}) {
    for (const size_t threads : {1U, 2U}) {
      const auto source = Create(paths);
      const auto counts = Read(source->get(), threads);
      ASSERT_TRUE(counts) << counts.error().message();
      EXPECT_EQ(counts->size(), 2000U);
      for (const auto& [duration_us, count] : *counts) ASSERT_EQ(count, 1) << duration_us;
    }
  }
}

TEST_F(FileSourceTest, ShowsTheDocumentsOfRejectedHits) {
  std::string text = R"({"hits":{"hits":[)";
  for (int i = 0; i < 100; ++i) {
    std::string document = Line(i);
    document.pop_back();
    // The hit has the shape of those before it.
    if (i == 50) document.replace(document.find("1795"), 4, "9999");
    text += std::string(i == 0 ? "" : ",") + R"({"_index":"x","_source":)" + document + "}";
  }
  const auto source = Create({Write("page", text + "]}}")});
  ASSERT_EQ(Read(source->get(), 1)->size(), 99U);
  const std::vector<RejectSample> samples = (*source)->RejectSamples();
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].reason, RejectReason::kStartRange);
  EXPECT_EQ(samples[0].excerpt.substr(0, 7), R"({"app":)");
}

TEST_F(FileSourceTest, RefusesWhatItCantReadAndWhatIsGivenTwice) {
  const std::string path = Write("a", Line(1));
  EXPECT_EQ(Create({(folder_ / "missing").string()}).error().code(), StatusCode::kBadInput);
  EXPECT_NE(Create({folder_.string()}).error().message().find("directory"), std::string::npos);
  EXPECT_EQ(Create({path, path}).error().code(), StatusCode::kInvalidArgument);
  std::filesystem::create_symlink(path, folder_ / "link");
  EXPECT_EQ(Create({path, (folder_ / "link").string()}).error().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(Create({"-", "-"}).error().code(), StatusCode::kInvalidArgument);
}

TEST_F(FileSourceTest, NamesEmptyFiles) {
  const std::string empty = Write("empty", "");
  const std::string blank = Write("blank", "\n \n\r\n");
  const auto source = Create({Write("a", Line(1)), empty, blank});
  ASSERT_TRUE(Read(source->get(), 2));
  EXPECT_EQ((*source)->EmptyFiles(), (std::vector<std::string>{empty, blank}));
}

}  // namespace
}  // namespace tymbal::worker
