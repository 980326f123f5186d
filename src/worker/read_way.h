#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tymbal::worker {

/// What is read of each record.
enum class ReadWay : uint8_t {
  kSource,          ///< The whole document.
  kColumns,         ///< Its columns (doc values), with the ids.
  kColumnsThenIds,  ///< Columns without the ids; those of the slowest calls are looked up at the
                    ///< end.
};
inline constexpr size_t kReadWays = 3;

std::string_view ReadWayName(ReadWay way);

/// Returns what a record costs by the measurements that a chooser begins with, in µs, some requests
/// being under way at a time. `adjacent`: documents that lie side by side, as those of a whole
/// period do, and a server with a stored order. The look-ups of kColumnsThenIds come on top.
double MeasuredUs(ReadWay way, bool adjacent);

/// Chooses what is read, by what it costs. It begins with what was measured elsewhere
/// (read_way.cc), tries each way once where there is enough to read, and goes on with the
/// cheapest. A value; knows no clock.
class ReadWayChooser {
 public:
  /// `allowed`: at least one. `records`: how many are to be read. `lookups`: how many ids
  /// kColumnsThenIds will have to look up.
  ReadWayChooser(std::vector<ReadWay> allowed, uint64_t records, uint64_t lookups);

  /// Returns how to read the next slice.
  ReadWay Next();
  /// Returns how many records the next slice may have, `page_records` at most: few as long as ways
  /// are to be tried, as most of them are dear.
  uint64_t RecordsOfNext(uint64_t page_records) const;
  /// Says what a slice has cost: of the server's time and the network's.
  void Learn(ReadWay way, uint64_t records, double seconds);

 private:
  /// Below this many records trying costs more than it saves.
  static constexpr uint64_t kTryRecordsMin = 100'000;
  struct Cost {
    double us_per_record;
    bool tried = false;
    bool learned = false;
  };
  double Total(ReadWay way) const;
  bool IsToTry(ReadWay way) const {
    return records_ >= kTryRecordsMin && !costs_[static_cast<size_t>(way)].tried;
  }

  const std::vector<ReadWay> allowed_;
  const uint64_t records_;
  const double lookup_us_per_record_;
  std::array<Cost, kReadWays> costs_;
};

}  // namespace tymbal::worker
