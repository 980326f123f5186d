#include "cli/watch_pause.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "cli/exit_code.h"

namespace tymbal::cli {
namespace {

sigset_t EndingSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

WatchPause::WatchPause()
    : signals_([] {
        const sigset_t set = EndingSignals();
        return signalfd(-1, &set, SFD_CLOEXEC);
      }()) {
  struct sigaction end = {};
  end.sa_handler = [](int /*signal*/) { _exit(kExitOk); };
  sigaction(SIGINT, &end, nullptr);
  sigaction(SIGTERM, &end, nullptr);
  // Whoever writes sees that nobody reads any more.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it can't fail for a signal that exists
}

WatchPause::~WatchPause() {
  if (signals_ >= 0) close(signals_);
}

bool WatchPause::Wait(std::chrono::milliseconds duration) const {
  const sigset_t set = EndingSignals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &set, &before);
  std::array<pollfd, 2> events = {{{.fd = signals_, .events = POLLIN, .revents = 0},
                                   // No event is asked for: a closed pipe is told anyway.
                                   {.fd = STDOUT_FILENO, .events = 0, .revents = 0}}};
  const int happened = poll(events.data(), events.size(), static_cast<int>(duration.count()));
  // What has come stays taken: it must not end us once more while we tidy up.
  if (happened <= 0) pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return happened <= 0;
}

}  // namespace tymbal::cli
