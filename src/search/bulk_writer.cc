#include "search/bulk_writer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "common/text.h"

namespace tymbal::search {
namespace {

namespace dom = simdjson::dom;
using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr size_t kReasonsMax = 5;
constexpr size_t kReasonBytesMax = 300;
constexpr milliseconds kBackOffFirst{200};
constexpr milliseconds kBackOffMax{10'000};
/// Says nothing of what went well but its status.
constexpr std::string_view kTarget =
    "/_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason,"
    "items.*.error.caused_by.reason";

bool IsBusy(int status) { return status == 429 || status == 503; }

std::string TextOf(dom::element element, std::string_view pointer) {
  std::string_view text;
  return element.at_pointer(pointer).get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

std::string ReasonOf(dom::element item) {
  std::string reason = TextOf(item, "/error/type") + ": " + TextOf(item, "/error/reason");
  const std::string cause = TextOf(item, "/error/caused_by/reason");
  if (!cause.empty()) reason += ": " + cause;
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  return Printable(std::string_view(reason).substr(0, kReasonBytesMax));
}

}  // namespace

void BulkWriter::Batch::Append(std::string_view lines) {
  text += lines;
  ends.push_back(text.size());
}

std::string_view BulkWriter::Batch::Lines(size_t i) const {
  const size_t begin = i == 0 ? 0 : ends[i - 1];
  return std::string_view(text).substr(begin, ends[i] - begin);
}

BulkWriter::BulkWriter(const BulkWriterOptions& options, const MakeClient& make_client)
    : options_(options) {
  for (size_t i = 0; i < options.requests; ++i) {
    threads_.emplace_back([this, client = std::shared_ptr(make_client(&cancel_))] {
      Run(client.get());  // Shared only because a thread's function must be copyable.
    });
  }
}

BulkWriter::~BulkWriter() {
  cancel_ = true;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status BulkWriter::Add(const BulkDocument& document) {
  filling_.text +=
      fmt::format(R"({{"create":{{"_index":{},"_id":{}{}}}}})", JsonQuote(document.index),
                  JsonQuote(document.id), options_.typed ? R"(,"_type":"_doc")" : "");
  filling_.text += '\n';
  filling_.text += document.source;
  filling_.text += '\n';
  filling_.ends.push_back(filling_.text.size());
  return filling_.text.size() < options_.batch_bytes ? Status::Ok() : HandOver();
}

Status BulkWriter::HandOver() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failure_ || waiting_.empty(); });
  if (failure_) return *failure_;
  waiting_.push_back(std::exchange(filling_, {}));
  changed_.notify_all();
  return Status::Ok();
}

Status BulkWriter::Finish() {
  if (!filling_.ends.empty()) TYMBAL_RETURN_IF_ERROR(HandOver());
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failure_ || (waiting_.empty() && sending_ == 0); });
  return failure_ ? *failure_ : Status::Ok();
}

BulkTotals BulkWriter::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void BulkWriter::Run(SearchClient* client) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ended_ || failure_ || !waiting_.empty(); });
    if (ended_ || failure_) return;
    Batch batch = std::move(waiting_.front());
    waiting_.pop_front();
    ++sending_;
    changed_.notify_all();
    lock.unlock();
    Status sent = Send(client, std::move(batch));
    lock.lock();
    --sending_;
    if (!sent.ok() && !failure_) {
      failure_ = std::move(sent);
      cancel_ = true;  // The others would only write on behind a gap.
    }
    changed_.notify_all();
  }
}

Status BulkWriter::Send(SearchClient* client, Batch batch) {
  const auto give_up = SteadyClock::now() + options_.patience;
  milliseconds wait = kBackOffFirst;
  while (true) {
    std::vector<Item> items;
    TYMBAL_RETURN_IF_ERROR(client->Do(
        {.method = "POST",
         .target = std::string(kTarget),
         .body = batch.text,
         .content_type = "application/x-ndjson"},
        [&](const HttpBody& body) { return ReadItems(body, batch.ends.size(), &items); }));
    Rest rest = Settle(batch, items);
    TYMBAL_RETURN_IF_ERROR(SendHalves(client, rest.unparsed));
    batch = std::move(rest.busy);
    if (batch.ends.empty()) return Status::Ok();
    if (SteadyClock::now() + wait > give_up) {
      const auto busy = std::find_if(items.begin(), items.end(),
                                     [](const Item& item) { return IsBusy(item.status); });
      return Unavailable(
          fmt::format("the server is too busy for {} documents, again and again; load them later: "
                      "status {}: {}",
                      batch.ends.size(), busy->status, busy->reason));
    }
    TYMBAL_RETURN_IF_ERROR(Pause(wait));
    wait = std::min(2 * wait, kBackOffMax);
  }
}

Status BulkWriter::ReadItems(const HttpBody& body, size_t wanted, std::vector<Item>* items) {
  items->clear();
  dom::parser parser;
  dom::array list;
  if (parser.parse(body.text().data(), body.size)["items"].get(list) != simdjson::SUCCESS) {
    return Unavailable("the answer is none to a bulk request");
  }
  for (const dom::element one : list) {
    dom::element item;
    int64_t status = 0;
    if (one["create"].get(item) != simdjson::SUCCESS ||
        item["status"].get(status) != simdjson::SUCCESS) {
      return Unavailable("the answer doesn't say what became of a document");
    }
    items->push_back({.status = static_cast<int>(status),
                      .unparsed = status == 400 && TextOf(item, "/error/type") == "parse_exception",
                      .reason = status > 299 ? ReasonOf(item) : ""});
  }
  if (items->size() == wanted) return Status::Ok();
  return Unavailable(
      fmt::format("{} documents were sent, but the answer is about {}", wanted, items->size()));
}

/// OpenSearch refuses all documents that go through a pipeline together when it can't parse one of
/// them. So the good ones are told from the bad ones by halving.
Status BulkWriter::SendHalves(SearchClient* client, const Batch& batch) {
  if (batch.ends.empty()) return Status::Ok();
  const size_t middle = batch.ends.size() / 2;
  Batch halves[2];
  for (size_t i = 0; i < batch.ends.size(); ++i) halves[i < middle ? 0 : 1].Append(batch.Lines(i));
  for (Batch& half : halves) {
    if (!half.ends.empty()) TYMBAL_RETURN_IF_ERROR(Send(client, std::move(half)));
  }
  return Status::Ok();
}

BulkWriter::Rest BulkWriter::Settle(const Batch& batch, const std::vector<Item>& items) {
  Rest rest;
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (IsBusy(item.status)) {
      rest.busy.Append(batch.Lines(i));
      ++totals_.repeated;
      continue;
    }
    if (item.unparsed && items.size() > 1) {
      rest.unparsed.Append(batch.Lines(i));
      continue;
    }
    totals_.bytes += batch.Lines(i).size();
    if (item.status >= 200 && item.status <= 299) {
      ++totals_.created;
    } else if (item.status == 409) {
      ++totals_.present;
    } else {
      ++totals_.refused;
      const std::string reason = fmt::format("status {}: {}", item.status, item.reason);
      std::vector<std::string>& reasons = totals_.reasons;
      if (reasons.size() < kReasonsMax &&
          std::find(reasons.begin(), reasons.end(), reason) == reasons.end()) {
        reasons.push_back(reason);
      }
    }
  }
  return rest;
}

Status BulkWriter::Pause(milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return ended_ || failure_.has_value(); });
  return ended_ || failure_ ? Unavailable("cancelled") : Status::Ok();
}

}  // namespace tymbal::search
