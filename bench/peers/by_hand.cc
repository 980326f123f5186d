// What a good engineer would write by hand for just this question: fixed fields, simdjson, a hash
// table for each thread. It knows nothing of periods, profiles, slow calls, rejected records or a
// store, and trusts its input. So it says how fast the machine is at such work: see
// docs/performance.md.
//
//   bench_by_hand ndjson|pages THREADS ANSWERS FILE...
//
// Prints and writes what peer.py does.

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tymbal::bench {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr size_t kChunkBytes = 128 * 1024;
constexpr size_t kBatchSpans = 32;
constexpr std::array<uint64_t, 6> kRanks = {500, 750, 900, 950, 990, 999};  // In thousandths.

/// Names are tokens as they stand in the text, with quotes and escapes.
struct Span {
  std::string_view app;
  std::string_view service;
  std::string_view method;
  uint64_t start_ms = 0;
  uint64_t duration_us = 0;
  bool error = false;
};

struct Group {
  std::string app;
  std::string service;
  std::string method;
  uint64_t errors = 0;
  std::vector<uint32_t> durations_us;
};

/// Groups spans by their names.
class Groups {
 public:
  /// Adds spans, no more than kBatchSpans, whose texts may go away afterwards.
  void Add(const std::vector<Span>& spans) {
    std::array<uint64_t, kBatchSpans> hashes{};
    for (size_t i = 0; i < spans.size(); ++i) {
      hashes[i] = Hash(spans[i].app, spans[i].service, spans[i].method);
      __builtin_prefetch(&slots_[hashes[i] & mask()]);
    }
    for (size_t i = 0; i < spans.size(); ++i) {
      if (const Group* group = slots_[hashes[i] & mask()].group) __builtin_prefetch(group);
    }
    for (size_t i = 0; i < spans.size(); ++i) {
      Group& group = Find(hashes[i], spans[i].app, spans[i].service, spans[i].method);
      group.errors += spans[i].error ? 1 : 0;
      group.durations_us.push_back(static_cast<uint32_t>(spans[i].duration_us));
    }
  }

  void Merge(const Groups& other) {
    for (const Group& from : other.groups_) {
      const uint64_t hash = Hash(from.app, from.service, from.method);
      Group& to = Find(hash, from.app, from.service, from.method);
      to.errors += from.errors;
      to.durations_us.insert(to.durations_us.end(), from.durations_us.begin(),
                             from.durations_us.end());
    }
  }

  std::deque<Group>& all() { return groups_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    Group* group = nullptr;
  };

  static uint64_t Hash(std::string_view app, std::string_view service, std::string_view method) {
    const uint64_t h = XXH3_64bits_withSeed(app.data(), app.size(), 0);
    return XXH3_64bits_withSeed(method.data(), method.size(),
                                XXH3_64bits_withSeed(service.data(), service.size(), h));
  }

  size_t mask() const { return slots_.size() - 1; }

  Group& Find(uint64_t hash, std::string_view app, std::string_view service,
              std::string_view method) {
    size_t at = hash & mask();
    for (; slots_[at].group != nullptr; at = (at + 1) & mask()) {
      Group& group = *slots_[at].group;
      if (slots_[at].hash == hash && group.app == app && group.service == service &&
          group.method == method) {
        return group;
      }
    }
    Group& group = groups_.emplace_back(
        Group{std::string(app), std::string(service), std::string(method), 0, {}});
    slots_[at] = {hash, &group};
    if (2 * groups_.size() > slots_.size()) Grow();
    return group;
  }

  void Grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.group == nullptr) continue;
      size_t at = slot.hash & mask();
      while (slots_[at].group != nullptr) at = (at + 1) & mask();
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1024);  // A power of two.
  std::deque<Group> groups_;                           // Stay where they are.
};

/// Reads the spans of one thread.
class Reader {
 public:
  /// Reads whole lines: those of a part of a file.
  void ReadLines(const std::string& path, size_t begin, size_t end) {
    const File file(path);
    buffer_.resize(std::max(buffer_.size(), kChunkBytes + simdjson::SIMDJSON_PADDING));
    while (begin < end) {
      const size_t size = file.Read(buffer_.data(), std::min(kChunkBytes, end - begin), begin);
      const size_t used = std::string_view(buffer_.data(), size).rfind('\n') + 1;
      if (used == 0) throw std::runtime_error("a line without an end");
      begin += used;
      ondemand::document_stream lines;
      Check(parser_.iterate_many(buffer_.data(), used, used).get(lines));
      for (auto line : lines) {
        ondemand::object object;
        Check(line.get_object().get(object));
        ReadSpan(object);
      }
      Flush();  // The texts go away.
    }
  }

  /// Reads a file that is one answer.
  void ReadAnswer(const std::string& path) {
    const size_t size = std::filesystem::file_size(path);
    buffer_.resize(std::max(buffer_.size(), size + simdjson::SIMDJSON_PADDING));
    File(path).Read(buffer_.data(), size, 0);
    ondemand::document document;
    ondemand::array hits;
    Check(parser_.iterate(buffer_.data(), size, buffer_.size()).get(document));
    Check(document["hits"]["hits"].get_array().get(hits));
    for (auto hit : hits) {
      ondemand::object source;
      Check(hit.find_field("_source").get_object().get(source));
      ReadSpan(source);
    }
    Flush();
  }

  Groups& groups() { return groups_; }

 private:
  class File {
   public:
    explicit File(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
      if (descriptor_ < 0) throw std::runtime_error("can't open " + path);
    }
    ~File() { close(descriptor_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    size_t Read(char* buffer, size_t size, size_t offset) const {
      size_t done = 0;
      while (done < size) {
        const ssize_t got =
            pread(descriptor_, buffer + done, size - done, static_cast<off_t>(offset + done));
        if (got <= 0) throw std::runtime_error("can't read");
        done += static_cast<size_t>(got);
      }
      return done;
    }

   private:
    const int descriptor_;
  };

  static void Check(simdjson::error_code code) {
    if (code) throw std::runtime_error(simdjson::error_message(code));
  }

  /// In any order of the fields.
  void ReadSpan(ondemand::object object) {
    Span& span = batch_.emplace_back();
    for (auto field : object) {
      ondemand::raw_json_string key;
      Check(field.key().get(key));
      const std::string_view name(key.raw(), 3);
      if (name == "app") {
        span.app = TextOf(field.value());
      } else if (name == "ser") {
        span.service = TextOf(field.value());
      } else if (name == "met") {
        span.method = TextOf(field.value());
      } else if (name == "sta") {
        Check(field.value().get_uint64().get(span.start_ms));
      } else if (name == "dur") {
        Check(field.value().get_uint64().get(span.duration_us));
      } else if (name == "err") {
        Check(field.value().get_bool().get(span.error));
      }
    }
    if (batch_.size() == kBatchSpans) Flush();
  }

  static std::string_view TextOf(simdjson::simdjson_result<ondemand::value> value) {
    std::string_view token = value.raw_json_token();
    while (!token.ends_with('"')) token.remove_suffix(1);
    return token;
  }

  void Flush() {
    groups_.Add(batch_);
    batch_.clear();
  }

  std::vector<char> buffer_;
  ondemand::parser parser_;
  std::vector<Span> batch_;
  Groups groups_;
};

/// Returns where the parts of a file of lines begin and end.
std::vector<size_t> CutLines(const std::string& path, size_t parts) {
  std::vector<size_t> cuts = {0};
  std::ifstream file(path, std::ios::binary);
  const size_t size = std::filesystem::file_size(path);
  std::string line;
  for (size_t i = 1; i < parts; ++i) {
    file.seekg(static_cast<std::streamoff>(size / parts * i));
    std::getline(file, line);
    cuts.push_back(static_cast<size_t>(file.tellg()));
  }
  cuts.push_back(size);
  return cuts;
}

Groups Read(bool is_lines, size_t thread_count, const std::vector<std::string>& files) {
  std::vector<Reader> readers(thread_count);
  std::atomic<size_t> next_file{0};
  const std::vector<size_t> cuts =
      is_lines ? CutLines(files.front(), thread_count) : std::vector<size_t>();
  {
    std::vector<std::jthread> threads;
    for (size_t i = 0; i < thread_count; ++i) {
      threads.emplace_back([&, i] {
        if (is_lines) return readers[i].ReadLines(files.front(), cuts[i], cuts[i + 1]);
        for (size_t file = next_file++; file < files.size(); file = next_file++) {
          readers[i].ReadAnswer(files[file]);
        }
      });
    }
  }
  for (size_t i = 1; i < thread_count; ++i) readers[0].groups().Merge(readers[i].groups());
  return std::move(readers[0].groups());
}

struct Numbers {
  uint64_t sum = 0;
  uint32_t min = 0;
  uint32_t max = 0;
  std::array<uint32_t, kRanks.size()> percentiles{};
};

/// Nearest rank.
Numbers NumbersOf(std::vector<uint32_t>* durations) {
  const auto [min, max] = std::minmax_element(durations->begin(), durations->end());
  Numbers numbers{
      std::accumulate(durations->begin(), durations->end(), uint64_t{0}), *min, *max, {}};
  auto from = durations->begin();
  for (size_t i = 0; i < kRanks.size(); ++i) {
    const uint64_t rank = (durations->size() * kRanks[i] + 999) / 1000;
    const auto at = durations->begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(from, at, durations->end());
    numbers.percentiles[i] = *at;
    from = at;
  }
  return numbers;
}

double PeakMb() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word && word != "VmHWM:") {
  }
  double kilobytes = 0;
  status >> kilobytes;
  return kilobytes / 1024;
}

void Run(const std::string& source, size_t threads, const std::string& answers,
         const std::vector<std::string>& files) {
  const auto began = std::chrono::steady_clock::now();
  Groups groups = Read(source == "ndjson", threads, files);
  std::vector<Numbers> numbers;
  for (Group& group : groups.all()) numbers.push_back(NumbersOf(&group.durations_us));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  fmt::print(R"({{"seconds":{},"peak_mb":{}}})"
             "\n",
             seconds.count(), PeakMb());
  if (answers == "-") return;
  std::ofstream out(answers);
  for (size_t i = 0; i < numbers.size(); ++i) {
    const Group& group = groups.all()[i];
    const Numbers& n = numbers[i];
    out << fmt::format("[{},{},{},{},{},{},{},{},{}]\n", group.app, group.service, group.method,
                       group.durations_us.size(), group.errors, n.sum, n.min, n.max,
                       fmt::join(n.percentiles, ","));
  }
  if (!out.flush()) throw std::runtime_error("can't write the answers");
}

}  // namespace
}  // namespace tymbal::bench

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 4 || (words[0] != "ndjson" && words[0] != "pages")) {
    std::cerr << "bench_by_hand ndjson|pages THREADS ANSWERS FILE...\n";
    return 2;
  }
  try {
    tymbal::bench::Run(words[0], std::stoul(words[1]), words[2], {words.begin() + 3, words.end()});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
