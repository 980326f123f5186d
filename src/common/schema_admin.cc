#include "common/schema_admin.h"

namespace tymbal {

int64_t DayStart(int64_t time_ms) {
  const int64_t remainder = time_ms % kDayMs;
  return time_ms - (remainder < 0 ? remainder + kDayMs : remainder);
}

void DecideCutoff(const RetainOptions& options, const RetainFacts& facts, RetainReport* report) {
  report->cutoff_ms = DayStart(options.now_ms) - options.days * kDayMs;
  report->held_back.clear();
  if (facts.has_published && DayStart(facts.last_published_ms) < report->cutoff_ms) {
    report->cutoff_ms = DayStart(facts.last_published_ms);
    report->held_back = "nothing was published since: the last published day stays";
  }
  if (facts.has_open && DayStart(facts.oldest_open_ms) < report->cutoff_ms) {
    report->cutoff_ms = DayStart(facts.oldest_open_ms);
    report->held_back = "a run of that day is still open";
  }
}

}  // namespace tymbal
