#include "worker/owed_ids.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "common/text.h"

namespace tymbal::worker {
namespace {

bool LacksIds(const SlowCall& call) { return call.trace_id.empty() && call.span_id.empty(); }

bool Alike(const SlowCall& a, const SlowCall& b) {
  return a.duration_us == b.duration_us && a.start_ms == b.start_ms;
}

/// Calls `take` with each run of calls that are alike of which one at least lacks its ids.
template <typename Take>
void ForEachOwed(std::vector<SlowCall>* calls, Take take) {
  for (auto begin = calls->begin(); begin != calls->end();) {
    const auto end = std::find_if(begin, calls->end(),
                                  [&](const SlowCall& call) { return !Alike(call, *begin); });
    if (std::any_of(begin, end, LacksIds)) take(begin, end);
    begin = end;
  }
}

}  // namespace

Status FillOwedIds(SpanSource* source, const SpanQuery& query, Aggregator* aggregator) {
  using Position = std::vector<SlowCall>::iterator;
  std::vector<CallToFind> wanted;
  aggregator->VisitSlowCalls([&](const EndpointTable::Names& names, std::vector<SlowCall>* calls) {
    ForEachOwed(calls, [&](Position begin, Position /*end*/) {
      wanted.push_back(
          {names.app, names.service, names.method, begin->duration_us, begin->start_ms});
    });
  });
  TYMBAL_RETURN_IF_ERROR(source->FindIds(query, &wanted));
  // The same order again: visiting is the same as long as nothing is added.
  auto next = wanted.begin();
  Status status;
  aggregator->VisitSlowCalls(
      [&](const EndpointTable::Names& /*names*/, std::vector<SlowCall>* calls) {
        ForEachOwed(calls, [&](Position begin, Position end) {
          CallToFind& call = *next++;
          std::sort(call.found.begin(), call.found.end(), Slower);
          const auto count = static_cast<size_t>(end - begin);
          if (call.found.size() >= count) {
            std::copy_n(call.found.begin(), count, begin);
          } else if (status.ok()) {
            status = Unavailable(fmt::format(
                "{} of the slowest calls of {} / {} can't be found again to read their ids",
                count - call.found.size(), Printable(call.app), Printable(call.method)));
          }
        });
      });
  return status;
}

}  // namespace tymbal::worker
