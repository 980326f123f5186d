#include "search/search_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "search/server_error.h"

namespace tymbal::search {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr milliseconds kBackOffMax{10'000};
constexpr milliseconds kRetryAfterMax{120'000};
constexpr milliseconds kCancelInterval{100};
/// How often to ask again where another answer isn't likely.
constexpr int kUnlikelyMax = 4;
constexpr milliseconds kFirstContactMax{10'000};

bool MayPass(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::string NameOf(const Call& call) {
  return fmt::format("{} {}", call.method, call.target.substr(0, call.target.find('?')));
}

/// Returns `error` with how long was tried in vain.
Status AfterTrying(const Status& error, int tries, SteadyClock::duration time) {
  if (tries == 1) return error;
  const auto seconds = std::chrono::duration<double>(time).count();
  return {error.code(),
          fmt::format("{} (asked {} times in {:.1f} s)", error.message(), tries, seconds)};
}

}  // namespace

SearchClient::SearchClient(std::unique_ptr<HttpClient> http, RequestGate* gate,
                           const std::atomic<bool>* cancel, SearchClientOptions options)
    : http_(std::move(http)),
      gate_(gate),
      cancel_(cancel),
      options_(std::move(options)),
      random_(options_.seed | 1) {}

Status SearchClient::Do(const Call& call, const Check& check) {
  const auto began = SteadyClock::now();
  milliseconds wait = options_.first_wait;
  int unlikely = 0;
  for (int tries = 1;; ++tries) {
    const Outcome outcome = SendOnce(call, check);
    const bool final = !outcome.may_pass || !call.repeatable || cancel_->load();
    if (outcome.status.ok() || final) return outcome.status;
    const milliseconds pause = std::max(Jittered(wait), outcome.wait_at_least);
    const auto now = SteadyClock::now();
    const bool over = now + pause > began + Patience();
    if (over && options_.gave_up != nullptr) *options_.gave_up = true;
    unlikely += outcome.mostly_stays ? 1 : 0;
    if (over || unlikely > kUnlikelyMax) return AfterTrying(outcome.status, tries, now - began);
    if (options_.on_retry) options_.on_retry(outcome.status);
    TYMBAL_RETURN_IF_ERROR(WaitFor(pause));
    wait = std::min(2 * wait, kBackOffMax);
  }
}

milliseconds SearchClient::Patience() const {
  return gate_->has_answered() ? options_.patience : std::min(options_.patience, kFirstContactMax);
}

SearchClient::Outcome SearchClient::SendOnce(const Call& call, const Check& check) {
  if (Status turn = gate_->Enter(call.spans, cancel_); !turn.ok()) return {std::move(turn)};
  HttpRequest request;
  request.method = call.method;
  request.target = call.target;
  request.body = call.body;
  request.content_type = call.content_type;
  request.deadline = options_.deadline;
  request.cancel = cancel_;
  const auto sent = SteadyClock::now();
  const auto answer = http_->Send(request, &body_);
  const bool overloaded = !answer || MayPass(answer->status);
  gate_->Leave(SteadyClock::now() - sent, call.spans, overloaded);
  if (answer) return Judge(call, *answer, check);
  return {.status = answer.error().WithContext(NameOf(call)),
          .may_pass = answer.error().code() == StatusCode::kUnavailable};
}

SearchClient::Outcome SearchClient::Judge(const Call& call, const HttpAnswer& answer,
                                          const Check& check) {
  gate_->NoteAnswer();
  if (answer.status < 200 || answer.status > 299) {
    const Status error = ErrorOf(NameOf(call), answer, body_);
    return {.status = error,
            .may_pass = MayPass(answer.status) && error.code() == StatusCode::kUnavailable,
            .mostly_stays = answer.status == 500 || (answer.status == 503 && call.in_point_in_time),
            .wait_at_least = std::min<milliseconds>(
                answer.retry_after.value_or(std::chrono::seconds(0)), kRetryAfterMax)};
  }
  if (!check) return {};
  const Status status = check(body_);
  if (status.ok()) return {};
  return {.status = status.WithContext(NameOf(call) + " at " + answer.host),
          .may_pass = status.code() == StatusCode::kUnavailable,
          .mostly_stays = true};
}

/// Returns kUnavailable when cancelled meanwhile.
Status SearchClient::WaitFor(milliseconds time) {
  const auto until = SteadyClock::now() + time;
  while (!cancel_->load()) {
    const auto left = until - SteadyClock::now();
    if (left <= SteadyClock::duration::zero()) return Status::Ok();
    std::this_thread::sleep_for(std::min<SteadyClock::duration>(left, kCancelInterval));
  }
  return Unavailable("cancelled");
}

/// Between a half and all of it, so that clients don't come back together.
milliseconds SearchClient::Jittered(milliseconds wait) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return wait / 2 + milliseconds(static_cast<int64_t>(random_ % 1024) * wait.count() / 2048);
}

}  // namespace tymbal::search
