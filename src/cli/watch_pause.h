#pragma once

#include <chrono>

namespace tymbal::cli {

/// The waits of a command that writes to standard output until somebody ends it: with SIGINT or
/// SIGTERM, or by closing the pipe that it writes to. A signal that comes while it isn't waiting
/// ends the process at once, with the exit code of success. One of a process.
class WatchPause {
 public:
  WatchPause();
  ~WatchPause();
  WatchPause(const WatchPause&) = delete;
  WatchPause& operator=(const WatchPause&) = delete;

  /// Waits so long. Returns false, earlier, when it is time to end.
  bool Wait(std::chrono::milliseconds duration) const;

 private:
  const int signals_;
};

}  // namespace tymbal::cli
