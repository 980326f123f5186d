#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/time_text.h"

namespace tymbal::report {

/// A machine-readable form of a report, written as a stream: Begin() once, then for each record
/// BeginRecord() and one value per column in their order, then Finish() once. Rows of reports call
/// it (records.h). Thread: confined to one; the stream must outlive it.
class RecordWriter {
 public:
  virtual ~RecordWriter() = default;

  /// The columns' names must outlive the writer.
  virtual void Begin(const std::vector<std::string_view>& columns) = 0;
  virtual void BeginRecord() = 0;
  virtual void Text(std::string_view text) = 0;
  virtual void Count(uint64_t count) = 0;
  virtual void Real(double number) = 0;
  virtual void Flag(bool flag) = 0;
  virtual void Time(int64_t time_ms) = 0;
  /// There is no value, which isn't 0.
  virtual void None() = 0;
  virtual void Finish() = 0;
};

}  // namespace tymbal::report
