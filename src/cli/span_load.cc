#include "cli/span_load.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "common/arena.h"
#include "common/slot.h"
#include "common/text.h"
#include "common/time_text.h"
#include "report/number_format.h"
#include "search/index_catalog.h"
#include "search/index_setup.h"
#include "worker/profile.h"

namespace tymbal::cli {
namespace {

using worker::Decoder;

constexpr size_t kDateBytes = 10;  // Of "2026-11-22T…".

std::string IdOf(std::string_view record, const Span& span, uint64_t place) {
  const uint64_t hash = XXH3_64bits(record.data(), record.size());
  if (span.trace_id.empty() || span.span_id.empty()) return fmt::format("{:016x}-{}", hash, place);
  return fmt::format("{}:{}:{:016x}", span.trace_id, span.span_id, hash);
}

/// A bulk request wants each document on one line. Line ends stand between a document's tokens
/// only: the decoder takes none within a text.
std::string_view OnOneLine(std::string_view record, std::string* scratch) {
  if (record.find_first_of("\r\n") == std::string_view::npos) return record;
  *scratch = record;
  std::replace(scratch->begin(), scratch->end(), '\n', ' ');
  std::replace(scratch->begin(), scratch->end(), '\r', ' ');
  return *scratch;
}

}  // namespace

Result<std::string> IndexForDay(const std::string& pattern, int64_t start_ms) {
  const size_t star = pattern.find('*');
  if (pattern.find_first_of(", ") != std::string::npos ||
      (star != std::string::npos && star + 1 != pattern.size())) {
    return InvalidArgument(
        fmt::format("'{}' doesn't say which index to write; name one with --index, or with a '*' "
                    "at its end for "
                    "an index a day, such as tymbal-span-*",
                    Printable(pattern)));
  }
  if (star == std::string::npos) return pattern;
  return pattern.substr(0, star) + TimeZone::Utc().Format(start_ms).substr(0, kDateBytes);
}

Result<std::unique_ptr<SpanLoad>> SpanLoad::Open(const Config& config,
                                                 const Environment& environment,
                                                 const LoadOptions& options, std::ostream* err) {
  TYMBAL_ASSIGN_OR_RETURN(worker::Profile profile, worker::LoadProfile(config.source_profile));
  profile.entry_only = false;  // All kinds are loaded; who reads them chooses.
  TYMBAL_ASSIGN_OR_RETURN(auto opener, SearchOpener::Create(config, profile, environment));
  TYMBAL_ASSIGN_OR_RETURN(const std::string sample, IndexForDay(opener->index(), 0));
  std::unique_ptr<SpanLoad> load(new SpanLoad(std::move(opener)));
  TYMBAL_ASSIGN_OR_RETURN(load->decoder_, Decoder::Create(profile, kSlotsDefault));
  const auto client = load->opener_->OpenClient(&load->never_);
  TYMBAL_ASSIGN_OR_RETURN(const search::ServerVersion version,
                          load->opener_->AskVersion(client.get()));
  if (profile.name == "tymbal") {
    TYMBAL_RETURN_IF_ERROR(load->NoteMissingTemplate(client.get(), version, err));
  }
  load->writer_ = std::make_unique<search::BulkWriter>(
      search::BulkWriterOptions{.batch_bytes = options.batch_bytes,
                                .requests = options.requests,
                                .patience = std::chrono::milliseconds(config.search.patience_ms),
                                .typed = !version.IsSince7()},
      [opener = load->opener_.get()](const std::atomic<bool>* cancel) {
        return opener->OpenClient(cancel);
      });
  return load;
}

Status SpanLoad::NoteMissingTemplate(search::SearchClient* client,
                                     const search::ServerVersion& version, std::ostream* err) {
  search::IndexSetupOptions setup{.index = opener_->index()};
  setup.pipeline = false;
  auto items = search::SetupItemsOf(setup, version);
  if (!items) return Status::Ok();  // One index, which is there or not.
  const auto found = search::FindItems(client, std::move(*items));
  // Who may write needn't have the right to see templates.
  if (!found) {
    return found.error().code() == StatusCode::kInvalidArgument ? Status::Ok() : found.error();
  }
  if (found->front().state == search::SetupState::kAbsent) {
    *err << fmt::format(
        "Note: there is no {}, so the server guesses what new fields are; `tymbal "
        "index install` makes it.\n",
        found->front().item.Text());
  }
  return Status::Ok();
}

Status SpanLoad::Add(const worker::Chunk& chunk, const std::string& file) {
  if (chunk.too_long) {
    ++unusable_[RejectReason::kRecordTooLong];
    return Status::Ok();
  }
  uint64_t line = 0;
  in_chunk_.Begin(chunk);
  if (chunk.is_answers) {  // Their hits come before it is known whether they are all.
    while (in_chunk_.Next(&line) != nullptr) {
    }
    TYMBAL_RETURN_IF_ERROR(in_chunk_.status().WithContext(file));
    in_chunk_.Begin(chunk);
  }
  while (const MarkedJson* record = in_chunk_.Next(&line)) TYMBAL_RETURN_IF_ERROR(Add(*record));
  return in_chunk_.status().WithContext(file);
}

Status SpanLoad::Add(const MarkedJson& record) {
  Arena texts;
  Span span;
  Decoder::Rejection rejection;
  const Decoder::Outcome outcome = decoder_->Decode(record, &texts, &span, &rejection);
  ++records_;
  if (outcome == Decoder::Outcome::kRejected) {
    // What lacks something is loaded all the same, so that who reads it counts it as rejected.
    if (rejection.reason == RejectReason::kMalformed || !rejection.start_ms) {
      ++unusable_[rejection.reason];
      return Status::Ok();
    }
    span = Span{};
    span.start_ms = *rejection.start_ms;
  }
  TYMBAL_ASSIGN_OR_RETURN(const std::string index, IndexForDay(opener_->index(), span.start_ms));
  return writer_->Add({.index = index,
                       .id = IdOf(record.text, span, records_),
                       .source = OnOneLine(record.text, &line_)});
}

Status SpanLoad::Finish() {
  TYMBAL_RETURN_IF_ERROR(writer_->Finish());
  const auto client = opener_->OpenClient(&never_);
  // Only for impatient people: the server does it by itself soon, and may not allow it.
  [[maybe_unused]] const Status refreshed = client->Do(
      {.method = "POST", .target = "/" + search::EscapePath(opener_->index()) + "/_refresh"});
  return Status::Ok();
}

void SpanLoad::WriteSummary(std::chrono::duration<double> took, std::ostream& out) const {
  const search::BulkTotals totals = writer_->totals();
  const double seconds = std::max(took.count(), 1e-3);
  out << fmt::format(
      "Loaded {} spans into {} of {} in {:.2f} s ({}/s): {} new, {} there already, {} refused.\n",
      report::FormatExact(totals.created + totals.present), Printable(opener_->index()),
      opener_->cluster(), seconds,
      report::FormatCount(static_cast<uint64_t>(static_cast<double>(totals.settled()) / seconds)),
      report::FormatExact(totals.created), report::FormatExact(totals.present),
      report::FormatExact(totals.refused + unusable_.Total()));
  if (totals.repeated > 0) {
    out << fmt::format("The server was busy: {} were sent again.\n",
                       report::FormatExact(totals.repeated));
  }
  for (const std::string& reason : totals.reasons) out << "  refused: " << reason << '\n';
  for (size_t i = 0; i < kRejectReasons; ++i) {
    if (unusable_.by_reason[i] == 0) continue;
    out << fmt::format("  {} x not sent: {}\n", report::FormatExact(unusable_.by_reason[i]),
                       RejectReasonText(static_cast<RejectReason>(i)));
  }
}

}  // namespace tymbal::cli
