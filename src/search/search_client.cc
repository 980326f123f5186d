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

constexpr milliseconds kBackOffFirst{200};
constexpr milliseconds kBackOffMax{10'000};
constexpr milliseconds kRetryAfterMax{120'000};
constexpr milliseconds kCancelInterval{100};
/// An answer that is whole in the server's eyes, but not in ours, mostly stays so.
constexpr int kRefutedMax = 4;

bool MayPass(int status) {
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

std::string NameOf(const Call& call) {
  return fmt::format("{} {}", call.method, call.target.substr(0, call.target.find('?')));
}

}  // namespace

SearchClient::SearchClient(std::unique_ptr<HttpClient> http, RequestGate* gate,
                           const std::atomic<bool>* cancel, SearchClientOptions options)
    : http_(std::move(http)),
      gate_(gate),
      cancel_(cancel),
      options_(options),
      random_(options.seed | 1) {}

Status SearchClient::Do(const Call& call, const Check& check) {
  const auto give_up = SteadyClock::now() + options_.patience;
  milliseconds wait = kBackOffFirst;
  int refuted = 0;
  while (true) {
    const Outcome outcome = SendOnce(call, check);
    if (outcome.status.ok()) return Status::Ok();
    const milliseconds pause = std::max(Jittered(wait), outcome.wait_at_least);
    refuted += outcome.refuted ? 1 : 0;
    if (!outcome.may_pass || !call.repeatable || refuted > kRefutedMax || SteadyClock::now() + pause > give_up) {
      return outcome.status;
    }
    TYMBAL_RETURN_IF_ERROR(WaitFor(pause));
    wait = std::min(2 * wait, kBackOffMax);
  }
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
  if (!answer) {
    return {answer.error().WithContext(NameOf(call)),
            answer.error().code() == StatusCode::kUnavailable};
  }
  if (answer->status < 200 || answer->status > 299) {
    Status error = ErrorOf(NameOf(call), *answer, body_);
    const bool may_pass = MayPass(answer->status) && error.code() == StatusCode::kUnavailable;
    return {.status = std::move(error),
            .may_pass = may_pass,
            .wait_at_least = std::min<milliseconds>(
                answer->retry_after.value_or(std::chrono::seconds(0)), kRetryAfterMax)};
  }
  if (!check) return {};
  if (const Status status = check(body_); !status.ok()) {
    return {.status = status.WithContext(NameOf(call) + " at " + answer->host),
            .may_pass = status.code() == StatusCode::kUnavailable,
            .refuted = true};
  }
  return {};
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
