#include "worker/id_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "common/text.h"

namespace tymbal::worker {
namespace {

/// Servers allow 1,024 clauses in a query by default; each call takes two.
constexpr size_t kCallsAtOnce = 200;

auto KeyOf(const CallToFind& call) {
  return std::tie(call.start_ms, call.duration_us, call.app, call.service, call.method);
}

}  // namespace

Status IdFinder::Find(const std::string& clauses, std::vector<CallToFind>* calls) {
  std::vector<CallToFind*> sorted;
  for (CallToFind& call : *calls) sorted.push_back(&call);
  std::sort(sorted.begin(), sorted.end(),
            [](const CallToFind* a, const CallToFind* b) { return KeyOf(*a) < KeyOf(*b); });
  for (size_t begin = 0; begin < sorted.size(); begin += kCallsAtOnce) {
    const size_t count = std::min(kCallsAtOnce, sorted.size() - begin);
    TYMBAL_RETURN_IF_ERROR(FindSome(clauses, {sorted.data() + begin, count}));
  }
  return Status::Ok();
}

Status IdFinder::FindSome(const std::string& clauses, std::span<CallToFind*> calls) {
  std::string any;
  for (const CallToFind* call : calls) any += (any.empty() ? "" : ",") + ClauseOf(*call);
  const std::string members = fmt::format(
      R"("size":{},"track_total_hits":true,"sort":["_doc"],"query":{{"bool":{{"filter":[)"
      R"({{"bool":{{"should":[{}],"minimum_should_match":1}}}}{}]}}}})",
      hits_max_, any, clauses);
  search::HitsPage page;
  bool too_many = false;
  const auto check = [&](const search::HttpBody& body) -> Status {
    TYMBAL_RETURN_IF_ERROR(parser_.Parse(body, &page));
    TYMBAL_RETURN_IF_ERROR(view_->Accept(page.envelope));
    const uint64_t total = page.envelope.hits_total.value_or(0);
    too_many = total > hits_max_;
    if (too_many || page.hits.size() == total) return Status::Ok();
    return Unavailable(fmt::format("{} calls were found, {} came", total, page.hits.size()));
  };
  TYMBAL_RETURN_IF_ERROR(client_->Do(view_->Search(members, calls.size()), check));
  if (!too_many) return Assign(page, calls);
  if (calls.size() == 1) {
    return Exhausted(
        fmt::format("more than {} calls have one start and one duration; use read: "
                    "values",
                    hits_max_));
  }
  TYMBAL_RETURN_IF_ERROR(FindSome(clauses, calls.subspan(0, calls.size() / 2)));
  return FindSome(clauses, calls.subspan(calls.size() / 2));
}

std::string IdFinder::ClauseOf(const CallToFind& call) const {
  return fmt::format(R"({{"bool":{{"filter":[{},{}]}}}})",
                     time_->RangeClause({call.start_ms, call.start_ms + time_->StepMs()}),
                     DurationClause(call.duration_us));
}

/// In the field's own unit. Nanoseconds were cut to µs, so a whole one matches.
std::string IdFinder::DurationClause(uint64_t duration_us) const {
  const std::string field = JsonQuote(columns_->duration.front().text);
  const auto term = [&field](const std::string& value) {
    return fmt::format(R"({{"term":{{{}:{}}}}})", field, value);
  };
  switch (columns_->duration_unit) {
    case TimeUnit::kSeconds:
      return term(fmt::format("{}.{:06}", duration_us / 1'000'000, duration_us % 1'000'000));
    case TimeUnit::kMillis:
    case TimeUnit::kIso:
      return term(fmt::format("{}.{:03}", duration_us / 1'000, duration_us % 1'000));
    case TimeUnit::kMicros:
      return term(fmt::to_string(duration_us));
    case TimeUnit::kNanos:
      break;
  }
  return fmt::format(R"({{"range":{{{}:{{"gte":{},"lt":{}}}}}}})", field, duration_us * 1'000,
                     duration_us * 1'000 + 1'000);
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
