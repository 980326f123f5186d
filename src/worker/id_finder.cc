#include "worker/id_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "common/text.h"

namespace tymbal::worker {
namespace {

/// The clauses of IdFinder::kCallsAtOnce calls, two for each, are fewer than the 1,024 that servers
/// allow in a query by default.
static_assert(2 * IdFinder::kCallsAtOnce < 1'024);
/// If more records than that come for each call that is looked for, asking exactly is quicker.
constexpr uint64_t kNearbyHitsMax = 5;

auto KeyOf(const CallToFind& call) {
  return std::tie(call.start_ms, call.duration_us, call.app, call.service, call.method);
}

}  // namespace

std::vector<CallToFind*> IdFinder::Sort(std::vector<CallToFind>* calls) {
  std::vector<CallToFind*> sorted;
  sorted.reserve(calls->size());
  for (CallToFind& call : *calls) sorted.push_back(&call);
  std::sort(sorted.begin(), sorted.end(),
            [](const CallToFind* a, const CallToFind* b) { return KeyOf(*a) < KeyOf(*b); });
  return sorted;
}

Status IdFinder::Find(const std::string& clauses, std::span<CallToFind*> calls) {
  for (size_t begin = 0; begin < calls.size(); begin += kCallsAtOnce) {
    const size_t count = std::min(kCallsAtOnce, calls.size() - begin);
    TYMBAL_RETURN_IF_ERROR(FindSome(clauses, calls.subspan(begin, count)));
  }
  return Status::Ok();
}

Status IdFinder::FindSome(const std::string& clauses, std::span<CallToFind*> calls) {
  if (seeks_nearby_) {
    TYMBAL_ASSIGN_OR_RETURN(seeks_nearby_,
                            Ask(NearbyClauses(calls) + clauses,
                                std::min(hits_max_, kNearbyHitsMax * calls.size()), calls));
    if (seeks_nearby_) return Status::Ok();
  }
  TYMBAL_ASSIGN_OR_RETURN(const bool found, Ask(ExactClauses(calls) + clauses, hits_max_, calls));
  if (found) return Status::Ok();
  if (calls.size() == 1) {
    return Exhausted(
        fmt::format("more than {} calls have one start and one duration; use read: "
                    "values",
                    hits_max_));
  }
  TYMBAL_RETURN_IF_ERROR(FindSome(clauses, calls.subspan(0, calls.size() / 2)));
  return FindSome(clauses, calls.subspan(calls.size() / 2));
}

/// Returns false when more than `hits_max` records match; then nothing is found.
Result<bool> IdFinder::Ask(const std::string& clauses, uint64_t hits_max,
                           std::span<CallToFind*> calls) {
  const std::string members = fmt::format(
      R"("size":{},"track_total_hits":true,"sort":["_doc"],"query":{{"bool":{{"filter":[{}]}}}})",
      hits_max, clauses);
  search::HitsPage page;
  bool too_many = false;
  const auto check = [&](const search::HttpBody& body) -> Status {
    TYMBAL_RETURN_IF_ERROR(parser_.Parse(body, &page));
    TYMBAL_RETURN_IF_ERROR(view_->Accept(page.envelope));
    const uint64_t total = page.envelope.hits_total.value_or(0);
    too_many = total > hits_max;
    if (too_many || page.hits.size() == total) return Status::Ok();
    return Unavailable(fmt::format("{} calls were found, {} came", total, page.hits.size()));
  };
  TYMBAL_RETURN_IF_ERROR(client_->Do(view_->Search(members, calls.size()), check));
  if (too_many) return false;
  TYMBAL_RETURN_IF_ERROR(Assign(page, calls));
  return true;
}

/// Also finds records between the first and the last call that have the duration of another one. It
/// costs a server less than half of what ExactClauses() do: 55 instead of 130 us a call, measured
/// with Elasticsearch 8.17 and the slowest calls of 500 endpoints among 1 M spans.
std::string IdFinder::NearbyClauses(std::span<CallToFind*> calls) const {
  std::string durations;
  for (const CallToFind* call : calls) {
    durations += (durations.empty() ? "" : ",") + DurationText(call->duration_us);
  }
  const Period range{calls.front()->start_ms, calls.back()->start_ms + time_->StepMs()};
  return fmt::format(R"({},{{"terms":{{{}:[{}]}}}})", time_->RangeClause(range),
                     JsonQuote(columns_->duration.front().text), durations);
}

std::string IdFinder::ExactClauses(std::span<CallToFind*> calls) const {
  std::string any;
  for (const CallToFind* call : calls) any += (any.empty() ? "" : ",") + ClauseOf(*call);
  return fmt::format(R"({{"bool":{{"should":[{}],"minimum_should_match":1}}}})", any);
}

std::string IdFinder::ClauseOf(const CallToFind& call) const {
  return fmt::format(R"({{"bool":{{"filter":[{},{}]}}}})",
                     time_->RangeClause({call.start_ms, call.start_ms + time_->StepMs()}),
                     DurationClause(call.duration_us));
}

/// Nanoseconds were cut to µs, so a whole one matches.
std::string IdFinder::DurationClause(uint64_t duration_us) const {
  const std::string field = JsonQuote(columns_->duration.front().text);
  if (columns_->duration_unit != TimeUnit::kNanos) {
    return fmt::format(R"({{"term":{{{}:{}}}}})", field, DurationText(duration_us));
  }
  return fmt::format(R"({{"range":{{{}:{{"gte":{},"lt":{}}}}}}})", field, duration_us * 1'000,
                     duration_us * 1'000 + 1'000);
}

/// In the field's own unit, unless that is nanoseconds.
std::string IdFinder::DurationText(uint64_t duration_us) const {
  switch (columns_->duration_unit) {
    case TimeUnit::kSeconds:
      return fmt::format("{}.{:06}", duration_us / 1'000'000, duration_us % 1'000'000);
    case TimeUnit::kMillis:
    case TimeUnit::kIso:
      return fmt::format("{}.{:03}", duration_us / 1'000, duration_us % 1'000);
    case TimeUnit::kMicros:
    case TimeUnit::kNanos:
      break;
  }
  return fmt::to_string(duration_us);
}

Status IdFinder::Assign(const search::HitsPage& page, std::span<CallToFind*> calls) {
  Arena texts;
  for (const search::Hit& hit : page.hits) {
    Span span;
    Decoder::Rejection rejection;
    texts.Clear();
    if (documents_->Decode(hit.record, &texts, &span, &rejection) != Decoder::Outcome::kSpan) {
      continue;
    }
    CallToFind wanted{span.app, span.service, span.method, span.duration_us, span.start_ms};
    const auto call = std::lower_bound(
        calls.begin(), calls.end(), wanted,
        [](const CallToFind* a, const CallToFind& b) { return KeyOf(*a) < KeyOf(b); });
    if (call == calls.end() || KeyOf(**call) != KeyOf(wanted)) continue;  // Of another endpoint.
    (*call)->found.push_back({span.duration_us, span.start_ms, span.error,
                              std::string(span.trace_id), std::string(span.span_id)});
  }
  return Status::Ok();
}

}  // namespace tymbal::worker
