#include "worker/decoder.h"

#include <utility>

#include "common/endpoint.h"
#include "common/histogram.h"
#include "common/slot.h"
#include "worker/call_weight.h"
#include "worker/json_text.h"
#include "worker/json_token.h"
#include "worker/name_form.h"
#include "worker/slot_function.h"
#include "worker/time_units.h"
#include "worker/token_collector.h"

namespace tymbal::worker {

/// Does the work. Per record: the collector keeps the tokens that paths lead to; Interpret() makes
/// a span of them.
struct Decoder::Parser {
  Parser(const Profile& p, std::vector<PathNode> tree, uint32_t s, RecordForm form,
         const std::vector<std::string>& columns)
      : profile(p), slots(s), collector(&profile, std::move(tree), form, columns) {}

  using MaybeReason = std::optional<RejectReason>;

  Outcome Judge(Arena* texts, Span* span, Rejection* rejection) const;
  bool Counts() const;
  MaybeReason Interpret(Arena* texts, Span* span, std::optional<int64_t>* start_ms) const;
  bool PlainString(Field field, std::string_view* text) const;
  MaybeReason Text(Field field, Arena* texts, std::string_view* text) const;
  MaybeReason UnusualText(Field field, Arena* texts, std::string_view* text) const;
  MaybeReason NameText(Field field, Arena* texts, std::string_view* name) const;
  MaybeReason Name(Field field, RejectReason missing, Arena* texts, std::string_view* name) const;
  MaybeReason UnusualName(Field field, RejectReason missing, Arena* texts,
                          std::string_view* name) const;
  MaybeReason Start(Arena* texts, int64_t* start_ms) const;
  MaybeReason UnusualStart(Arena* texts, int64_t* start_ms) const;
  MaybeReason Duration(uint64_t* duration_us) const;
  MaybeReason UnusualDuration(uint64_t* duration_us) const;
  MaybeReason Weight(Span* span) const;
  MaybeReason CheckSlot(const Span& span) const;
  std::optional<uint32_t> SlotOfRecord(Arena* texts) const;

  Token ValueOf(Field field) const { return tokens->Of(field); }

  const Profile profile;
  const uint32_t slots;
  TokenCollector collector;
  const CollectedTokens* tokens = nullptr;  // Of the record at hand.
};

bool Decoder::Parser::Counts() const {
  if (tokens->conditions_met != profile.only.size()) return false;
  if (!profile.entry_only) return true;
  const Token kind = ValueOf(Field::kKind);
  for (const std::string& entry_kind : profile.entry_kinds) {
    if (EqualsIgnoringCase(PlainText(kind), entry_kind)) return true;
  }
  return false;
}

/// The common case: a string without escapes.
inline bool Decoder::Parser::PlainString(Field field, std::string_view* text) const {
  if (!tokens->IsPlainText(field)) return false;
  *text = tokens->PlainTextOf(field);
  return true;
}

inline Decoder::Parser::MaybeReason Decoder::Parser::Text(Field field, Arena* texts,
                                                          std::string_view* text) const {
  return PlainString(field, text) ? std::nullopt : UnusualText(field, texts, text);
}

Decoder::Parser::MaybeReason Decoder::Parser::UnusualText(Field field, Arena* texts,
                                                          std::string_view* text) const {
  const Token token = ValueOf(field);
  *text = {};
  if (token.empty()) return std::nullopt;
  if (token.front() != '"') {
    return IsContainer(token) || IsLiteral(token) || ParseNumber(token) ? RejectReason::kWrongType
                                                                        : RejectReason::kMalformed;
  }
  if (!IsString(token)) return RejectReason::kMalformed;
  const auto unescaped = Unescape(PlainText(token), texts);
  if (!unescaped) return RejectReason::kMalformed;
  *text = *unescaped;
  return std::nullopt;
}

/// The text of a name that doesn't stand there as such.
Decoder::Parser::MaybeReason Decoder::Parser::NameText(Field field, Arena* texts,
                                                       std::string_view* name) const {
  const NameForm form = tokens->FormOf(field);
  const Token token = ValueOf(field);
  if (form == NameForm::kInteger) {
    const auto number = ParseNumber(token);
    if (!number) return NoNumber(token);
    if (!number->is_integer) return RejectReason::kWrongType;
    *name = number->magnitude == 0 ? "0" : token;  // -0 is 0.
    return std::nullopt;
  }
  std::string_view id;
  if (const auto reason = Text(field, texts, &id)) return reason;
  if (id.empty()) return std::nullopt;
  const auto decoded = NameOfSkywalkingId(form, id, texts);
  if (!decoded) return RejectReason::kWrongEncoding;
  *name = *decoded;
  return std::nullopt;
}

inline Decoder::Parser::MaybeReason Decoder::Parser::Name(Field field, RejectReason missing,
                                                          Arena* texts,
                                                          std::string_view* name) const {
  const bool is_usual = PlainString(field, name) && (!name->empty() || field == Field::kService) &&
                        name->size() <= kNameBytesMax;
  return is_usual ? std::nullopt : UnusualName(field, missing, texts, name);
}

Decoder::Parser::MaybeReason Decoder::Parser::UnusualName(Field field, RejectReason missing,
                                                          Arena* texts,
                                                          std::string_view* name) const {
  *name = {};
  if (ValueOf(field).size() > 6 * kNameBytesMax + 2) return RejectReason::kNameTooLong;
  const bool is_plain = ValueOf(field).empty() || tokens->FormOf(field) == NameForm::kText;
  const auto reason = is_plain ? Text(field, texts, name) : NameText(field, texts, name);
  if (reason) return reason;
  if (name->size() > kNameBytesMax) return RejectReason::kNameTooLong;
  if (name->empty() && field != Field::kService) return missing;
  return std::nullopt;
}

inline Decoder::Parser::MaybeReason Decoder::Parser::Start(Arena* texts, int64_t* start_ms) const {
  const auto digits = ParseDigits(tokens->TokenOf(Field::kStart));
  if (!digits) return UnusualStart(texts, start_ms);
  *start_ms = static_cast<int64_t>(WholeMicros(*digits, profile.start_unit) / 1000);
  const bool is_in_range = *start_ms >= kStartMinMs && *start_ms < kStartEndMs;
  return is_in_range ? std::nullopt : MaybeReason(RejectReason::kStartRange);
}

Decoder::Parser::MaybeReason Decoder::Parser::UnusualStart(Arena* texts, int64_t* start_ms) const {
  const Token token = ValueOf(Field::kStart);
  if (token.empty()) return RejectReason::kMissingStart;
  std::optional<int64_t> millis;
  if (token.front() == '"' && collector.start_may_be_text()) {
    std::string_view text;
    if (const auto reason = Text(Field::kStart, texts, &text)) return reason;
    millis = DateTextToMillis(text);
    if (!millis) return RejectReason::kWrongType;
  } else {
    const auto number = ParseNumber(token);
    if (!number) return NoNumber(token);
    millis = ToMillis(*number, profile.start_unit);
  }
  if (!millis || *millis < kStartMinMs || *millis >= kStartEndMs) return RejectReason::kStartRange;
  *start_ms = *millis;
  return std::nullopt;
}

inline Decoder::Parser::MaybeReason Decoder::Parser::Duration(uint64_t* duration_us) const {
  const auto digits = ParseDigits(tokens->TokenOf(Field::kDuration));
  if (!digits) return UnusualDuration(duration_us);
  *duration_us = WholeMicros(*digits, profile.duration_unit);
  return *duration_us <= kDurationMaxUs ? std::nullopt
                                        : MaybeReason(RejectReason::kDurationTooLong);
}

Decoder::Parser::MaybeReason Decoder::Parser::UnusualDuration(uint64_t* duration_us) const {
  const Token token = ValueOf(Field::kDuration);
  if (token.empty()) return RejectReason::kMissingDuration;
  const auto number = ParseNumber(token);
  if (!number) return NoNumber(token);
  return ToMicros(*number, profile.duration_unit, duration_us);
}

/// REQUIRES: start and duration are known.
Decoder::Parser::MaybeReason Decoder::Parser::Weight(Span* span) const {
  span->weight = 1;
  const Token token = ValueOf(Field::kWeight);
  if (token.empty()) return std::nullopt;
  const auto number = ParseNumber(token);
  if (!number) return NoNumber(token);
  const auto weight = WholeWeight(*number, span->start_ms, span->duration_us);
  if (!weight) return RejectReason::kWeightRange;
  span->weight = *weight;
  return std::nullopt;
}

Decoder::Parser::MaybeReason Decoder::Parser::CheckSlot(const Span& span) const {
  const Token token = ValueOf(Field::kSlot);
  if (token.empty()) return std::nullopt;
  std::optional<uint64_t> number = ParseDigits(token);
  if (!number) {
    const auto unusual = ParseNumber(token);
    if (!unusual || !unusual->is_integer) return RejectReason::kWrongType;
    number = unusual->negative ? UINT64_MAX : unusual->magnitude;
  }
  if (profile.slot_function != SlotFunction::kTymbal) return std::nullopt;
  const uint32_t slot = SlotOf(span.app, span.service, span.method, slots);
  return *number == slot ? std::nullopt : MaybeReason(RejectReason::kWrongSlot);
}

/// See RejectedRecord. Which of them a record has doesn't depend on how it was read, so that each
/// is counted by one node.
std::optional<uint32_t> Decoder::Parser::SlotOfRecord(Arena* texts) const {
  std::string_view app;
  std::string_view service;
  std::string_view method;
  if (!Name(Field::kApp, RejectReason::kMissingApp, texts, &app) &&
      !Name(Field::kService, RejectReason::kMissingApp, texts, &service) &&
      !Name(Field::kMethod, RejectReason::kMissingMethod, texts, &method)) {
    return SlotBy(profile.slot_function, app, service, method, slots);
  }
  const auto number = ParseNumber(ValueOf(Field::kSlot));
  if (!number || !number->is_integer || number->negative) return std::nullopt;
  const uint64_t scale = profile.slot_count == 0 ? 1 : profile.slot_count / slots;
  const uint64_t slot = number->magnitude / scale;
  return slot < slots ? std::optional(static_cast<uint32_t>(slot)) : std::nullopt;
}

/// Sets `*start_ms` as soon as it is known, so that a record rejected for another reason still has
/// its place.
Decoder::Parser::MaybeReason Decoder::Parser::Interpret(Arena* texts, Span* span,
                                                        std::optional<int64_t>* start_ms) const {
  if (const auto reason = Start(texts, &span->start_ms)) return reason;
  *start_ms = span->start_ms;
  if (const auto reason = Name(Field::kApp, RejectReason::kMissingApp, texts, &span->app)) {
    return reason;
  }
  if (const auto reason = Name(Field::kService, RejectReason::kMissingApp, texts, &span->service)) {
    return reason;
  }
  if (const auto reason =
          Name(Field::kMethod, RejectReason::kMissingMethod, texts, &span->method)) {
    return reason;
  }
  if (const auto reason = Duration(&span->duration_us)) return reason;
  if (const auto reason = Weight(span)) return reason;
  if (const auto reason = Text(Field::kTraceId, texts, &span->trace_id)) return reason;
  if (const auto reason = Text(Field::kSpanId, texts, &span->span_id)) return reason;
  span->trace_id = span->trace_id.substr(0, kIdBytesMax);
  span->span_id = span->span_id.substr(0, kIdBytesMax);
  span->error = tokens->error;
  return CheckSlot(*span);
}

/// Makes something of the tokens.
Decoder::Outcome Decoder::Parser::Judge(Arena* texts, Span* span, Rejection* rejection) const {
  const auto problem = tokens->problem;
  if (problem == RejectReason::kMalformed) {
    *rejection = {*problem, std::nullopt, std::nullopt};
    return Outcome::kRejected;
  }
  if (!Counts()) return Outcome::kFiltered;
  std::optional<int64_t> start_ms;
  const auto reason = Interpret(texts, span, &start_ms);
  if (problem || reason) {
    *rejection = {problem ? *problem : *reason, start_ms, SlotOfRecord(texts)};
    return Outcome::kRejected;
  }
  return span->weight == 0 ? Outcome::kFiltered : Outcome::kSpan;  // It stands for no call.
}

Result<std::unique_ptr<Decoder>> Decoder::Create(const Profile& profile, uint32_t slots,
                                                 RecordForm form) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<PathNode> tree, CompilePaths(profile));
  return std::unique_ptr<Decoder>(  // Private constructor: make_unique can't call it.
      new Decoder(profile, std::move(tree), slots, form, {}));
}

Result<std::unique_ptr<Decoder>> Decoder::CreateForSortValues(
    const Profile& profile, uint32_t slots, const std::vector<std::string>& columns) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<PathNode> tree, CompilePaths(profile));
  return std::unique_ptr<Decoder>(
      new Decoder(profile, std::move(tree), slots, RecordForm::kSortValues, columns));
}

Decoder::Decoder(const Profile& profile, std::vector<PathNode> tree, uint32_t slots,
                 RecordForm form, const std::vector<std::string>& columns)
    : parser_(std::make_unique<Parser>(profile, std::move(tree), slots, form, columns)) {}

Decoder::~Decoder() = default;

std::optional<uint32_t> Decoder::SlotOfLast(Arena* texts) const {
  return parser_->SlotOfRecord(texts);
}

Decoder::Outcome Decoder::Decode(const MarkedJson& record, Arena* texts, Span* span,
                                 Rejection* rejection, const MarkedJson* enclosing) {
  parser_->tokens = &parser_->collector.Collect(record, enclosing);
  return parser_->Judge(texts, span, rejection);
}

std::optional<Decoder::Outcome> Decoder::DecodeGuess(const MarkedJson& guess, bool encloses,
                                                     Arena* texts, Span* span,
                                                     Rejection* rejection) {
  const CollectedTokens* const tokens = parser_->collector.CollectGuess(guess, encloses);
  if (tokens == nullptr) return std::nullopt;
  parser_->tokens = tokens;
  return parser_->Judge(texts, span, rejection);
}

}  // namespace tymbal::worker
