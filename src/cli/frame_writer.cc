#include "cli/frame_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace tymbal::cli {
namespace {

// Control sequences that every terminal of today knows (ECMA-48, and xterm's for wrapping).
constexpr std::string_view kClear = "\x1b[2J";
constexpr std::string_view kToTheTop = "\x1b[H";
constexpr std::string_view kEraseLine = "\x1b[K";
constexpr std::string_view kEraseBelow = "\x1b[J";
constexpr std::string_view kWrapOff = "\x1b[?7l";  // A line that is too long would move the others.
constexpr std::string_view kWrapOn = "\x1b[?7h";

}  // namespace

bool FrameWriter::Write(std::string_view frame) {
  if (rows_) {
    Redraw(frame);
  } else {
    out_ << (first_ ? "" : "\n") << frame;
  }
  first_ = false;
  out_.flush();
  return out_.good();
}

void FrameWriter::Redraw(std::string_view frame) {
  const auto lines = static_cast<size_t>(std::count(frame.begin(), frame.end(), '\n'));
  // The last row is the cursor's: writing it would scroll the first one away.
  const size_t room = std::max<size_t>(rows_(), 3) - 1;
  const size_t shown = lines <= room ? lines : room - 1;
  std::string text(first_ ? kClear : "");
  text.append(kWrapOff).append(kToTheTop);
  for (size_t line = 0; line < shown; ++line) {
    const size_t end = frame.find('\n');
    text.append(frame.substr(0, end)).append(kEraseLine).append("\n");
    frame.remove_prefix(end + 1);
  }
  if (shown < lines) {
    text += fmt::format("... and {} lines more{}\n", lines - shown, kEraseLine);
  }
  text.append(kEraseBelow).append(kWrapOn);
  out_ << text;
}

}  // namespace tymbal::cli
