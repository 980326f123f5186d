#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string_view>
#include <utility>

namespace tymbal::cli {

/// Writes one text after the other: on a terminal in the place of the one before, elsewhere below
/// it, after an empty line. The stream must outlive it. Thread: confined to one.
class FrameWriter {
 public:
  /// `rows`: returns how many rows the terminal has at this moment; nothing: it is no terminal.
  FrameWriter(std::function<size_t()> rows, std::ostream& out)
      : rows_(std::move(rows)), out_(out) {}

  /// Writes `frame`, which consists of whole lines; what a terminal has no row for is left out,
  /// and said. Returns whether anybody can still read it.
  bool Write(std::string_view frame);

 private:
  void Redraw(std::string_view frame);

  const std::function<size_t()> rows_;
  std::ostream& out_;
  bool first_ = true;
};

}  // namespace tymbal::cli
