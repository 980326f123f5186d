#include "worker/decoder.h"

#include <simdjson.h>

#include <cstring>
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

namespace tymbal::worker {
namespace {

namespace ondemand = simdjson::ondemand;

}  // namespace

/// Does the work. Per record: Collect() walks the document and keeps the tokens that paths lead to;
/// Interpret() makes a span of them.
struct Decoder::Parser {
  Parser(const Profile& p, std::vector<PathNode> t, uint32_t s, Form f)
      : profile(p), tree(std::move(t)), slots(s), record_form(f) {
    start_may_be_text = profile.start_unit == TimeUnit::kIso ||
                        (record_form == Form::kIndexed && profile.start_unit == TimeUnit::kMillis);
  }

  using MaybeReason = std::optional<RejectReason>;

  MaybeReason Collect(std::string_view record);
  simdjson::error_code WalkObject(ondemand::object object, const PathNode& node);
  simdjson::error_code WalkValue(ondemand::value value, const PathNode& node);
  simdjson::error_code WalkList(ondemand::array list, const PathNode& node);
  simdjson::error_code WalkColumn(ondemand::array list, const PathNode& node);
  void Take(const Leaf& leaf, Token token, bool may_repeat);
  bool IsQuotedNumber(const Leaf& leaf, Token token) const;
  void TakeErrorRule(const ErrorRule& rule, Token token);
  void TakeCondition(const Condition& condition, Token token);

  bool Counts() const;
  MaybeReason Interpret(Arena* texts, Span* span, std::optional<int64_t>* start_ms);
  MaybeReason Text(Field field, Arena* texts, std::string_view* text) const;
  MaybeReason NameText(Field field, Arena* texts, std::string_view* name) const;
  MaybeReason Name(Field field, RejectReason missing, Arena* texts, std::string_view* name) const;
  MaybeReason Start(Arena* texts, int64_t* start_ms) const;
  MaybeReason Duration(uint64_t* duration_us) const;
  MaybeReason Weight(Span* span) const;
  MaybeReason CheckSlot(const Span& span) const;
  std::optional<uint32_t> SlotOfRecord(Arena* texts) const;

  Token ValueOf(Field field) const { return values[static_cast<size_t>(field)]; }

  const Profile profile;
  const std::vector<PathNode> tree;
  const uint32_t slots;
  const Form record_form;
  bool start_may_be_text = false;
  ondemand::parser parser;

  // Of the record at hand:
  std::array<Token, kValueFields> values;
  std::array<uint8_t, kValueFields> ranks;  // Index of the path that each value came from.
  std::array<NameForm, kValueFields> forms;
  uint64_t seen = 0;  // Leaf ids.
  size_t conditions_met = 0;
  bool error = false;
  MaybeReason problem;
};

Decoder::Parser::MaybeReason Decoder::Parser::Collect(std::string_view record) {
  values.fill({});
  ranks.fill(0xFF);
  seen = 0;
  conditions_met = 0;
  error = false;
  problem.reset();
  ondemand::document document;
  ondemand::object object;
  const auto failed = [&] {
    return parser.iterate(record.data(), record.size(), record.size() + kRecordPadding)
               .get(document) ||
           document.get_object().get(object) || WalkObject(object, tree.front()) ||
           document.current_location().error() != simdjson::OUT_OF_BOUNDS;  // Nothing may follow.
  };
  if (failed()) return RejectReason::kMalformed;
  return problem;
}

simdjson::error_code Decoder::Parser::WalkObject(ondemand::object object, const PathNode& node) {
  // Records mostly have their fields in the order of the one before: look first at the child behind
  // the last one that was found.
  const size_t children = node.children.size();
  size_t guess = 0;
  for (auto field : object) {
    ondemand::raw_json_string key;
    if (const auto code = field.key().get(key)) return code;
    for (size_t i = 0; i < children; ++i) {
      const size_t index = guess + i < children ? guess + i : guess + i - children;
      const PathNode::Child& child = node.children[index];
      // A key ends at its quote at the latest, so this stays within the record.
      if (std::strncmp(key.raw(), child.quoted_key.data(), child.quoted_key.size()) != 0) continue;
      ondemand::value value;
      if (const auto code = field.value().get(value)) return code;
      if (const auto code = WalkValue(value, tree[child.node])) return code;
      guess = index + 1 < children ? index + 1 : 0;
      break;
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code Decoder::Parser::WalkValue(ondemand::value value, const PathNode& node) {
  const Token token = Trimmed(value.raw_json_token());
  if (token.empty()) return simdjson::TAPE_ERROR;
  if (record_form == Form::kColumns && token.front() == '[') {
    ondemand::array list;
    if (const auto code = value.get_array().get(list)) return code;
    return WalkColumn(list, node);
  }
  for (const Leaf& leaf : node.leaves) Take(leaf, token, /*may_repeat=*/false);
  if (token.front() == '{' && !node.children.empty()) {
    ondemand::object object;
    if (const auto code = value.get_object().get(object)) return code;
    return WalkObject(object, node);
  }
  if (token.front() == '[' && !node.selectors.empty()) {
    ondemand::array list;
    if (const auto code = value.get_array().get(list)) return code;
    return WalkList(list, node);
  }
  return simdjson::SUCCESS;
}

/// A document that has several values in a field has no list there, as far as a profile goes.
simdjson::error_code Decoder::Parser::WalkColumn(ondemand::array list, const PathNode& node) {
  size_t count = 0;
  for (auto element : list) {
    ondemand::value value;
    if (const auto code = element.get(value)) return code;
    const Token token = Trimmed(value.raw_json_token());
    if (token.empty()) return simdjson::TAPE_ERROR;
    if (++count > 1) {
      problem = RejectReason::kWrongType;
      continue;
    }
    for (const Leaf& leaf : node.leaves) Take(leaf, token, /*may_repeat=*/false);
  }
  return simdjson::SUCCESS;
}

simdjson::error_code Decoder::Parser::WalkList(ondemand::array list, const PathNode& node) {
  for (auto element : list) {
    ondemand::object object;
    const auto code = element.get_object().get(object);
    if (code == simdjson::INCORRECT_TYPE) continue;
    if (code) return code;
    std::array<std::pair<std::string_view, Token>, 16> members;
    size_t count = 0;
    for (auto field : object) {
      ondemand::raw_json_string key;
      ondemand::value value;
      if (const auto error_code = field.key().get(key)) return error_code;
      if (const auto error_code = field.value().get(value)) return error_code;
      const char* end = key.raw();
      while (*end != '"') ++end;  // A key with an escape is cut there, and matches nothing.
      if (count == members.size()) continue;
      members[count++] = {{key.raw(), static_cast<size_t>(end - key.raw())},
                          Trimmed(value.raw_json_token())};
    }
    for (const ListSelector& selector : node.selectors) {
      bool wanted = false;
      Token found;
      for (size_t i = 0; i < count; ++i) {
        const auto& [key, token] = members[i];
        if (key == selector.key_name)
          wanted = IsString(token) && PlainText(token) == selector.wanted;
        if (key == selector.value_name) found = token;
      }
      if (wanted && !found.empty()) Take(selector.leaf, found, /*may_repeat=*/true);
    }
  }
  return simdjson::SUCCESS;
}

void Decoder::Parser::Take(const Leaf& leaf, Token token, bool may_repeat) {
  const uint64_t bit = 1ULL << leaf.id;
  if ((seen & bit) != 0) {
    if (!may_repeat) problem = RejectReason::kDuplicateField;
    return;  // Of a list's elements with the same key the first counts.
  }
  seen |= bit;
  if (token == "null") return;
  if (leaf.field == Field::kErrorRule) {
    TakeErrorRule(profile.errors[leaf.index], token);
    return;
  }
  if (leaf.field == Field::kCondition) {
    TakeCondition(profile.only[leaf.index], token);
    return;
  }
  const auto field = static_cast<size_t>(leaf.field);
  if (leaf.index < ranks[field]) {
    ranks[field] = leaf.index;
    values[field] = IsQuotedNumber(leaf, token) ? PlainText(token) : token;
    forms[field] = leaf.form;
  }
}

bool Decoder::Parser::IsQuotedNumber(const Leaf& leaf, Token token) const {
  if (record_form != Form::kIndexed || !IsString(token)) return false;
  const bool is_start = leaf.field == Field::kStart && !start_may_be_text;
  return is_start || leaf.field == Field::kDuration || leaf.field == Field::kWeight ||
         leaf.field == Field::kSlot || leaf.form == NameForm::kInteger;
}

void Decoder::Parser::TakeErrorRule(const ErrorRule& rule, Token token) {
  switch (rule.kind) {
    case ErrorRule::Kind::kBoolean:
      if (!IsLiteral(token)) problem = RejectReason::kWrongType;
      error |= token == "true";
      return;
    case ErrorRule::Kind::kPresent:
      error |= token != "false";
      return;
    case ErrorRule::Kind::kEquals:
      for (const std::string& value : rule.values) error |= PlainText(token) == value;
      return;
  }
}

void Decoder::Parser::TakeCondition(const Condition& condition, Token token) {
  for (const std::string& value : condition.values) {
    if (PlainText(token) != value) continue;
    ++conditions_met;  // A path is taken once, so each condition counts once.
    return;
  }
}

bool Decoder::Parser::Counts() const {
  if (conditions_met != profile.only.size()) return false;
  if (!profile.entry_only) return true;
  const Token kind = ValueOf(Field::kKind);
  for (const std::string& entry_kind : profile.entry_kinds) {
    if (EqualsIgnoringCase(PlainText(kind), entry_kind)) return true;
  }
  return false;
}

Decoder::Parser::MaybeReason Decoder::Parser::Text(Field field, Arena* texts,
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
  const NameForm form = forms[static_cast<size_t>(field)];
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

Decoder::Parser::MaybeReason Decoder::Parser::Name(Field field, RejectReason missing, Arena* texts,
                                                   std::string_view* name) const {
  *name = {};
  if (ValueOf(field).size() > 6 * kNameBytesMax + 2) return RejectReason::kNameTooLong;
  const bool is_plain =
      ValueOf(field).empty() || forms[static_cast<size_t>(field)] == NameForm::kText;
  const auto reason = is_plain ? Text(field, texts, name) : NameText(field, texts, name);
  if (reason) return reason;
  if (name->size() > kNameBytesMax) return RejectReason::kNameTooLong;
  if (name->empty() && field != Field::kService) return missing;
  return std::nullopt;
}

Decoder::Parser::MaybeReason Decoder::Parser::Start(Arena* texts, int64_t* start_ms) const {
  const Token token = ValueOf(Field::kStart);
  if (token.empty()) return RejectReason::kMissingStart;
  std::optional<int64_t> millis;
  if (token.front() == '"' && start_may_be_text) {
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

Decoder::Parser::MaybeReason Decoder::Parser::Duration(uint64_t* duration_us) const {
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
  const auto number = ParseNumber(token);
  if (!number || !number->is_integer) return RejectReason::kWrongType;
  if (profile.slot_function != SlotFunction::kTymbal) return std::nullopt;
  const uint32_t slot = SlotOf(span.app, span.service, span.method, slots);
  if (number->negative || number->magnitude != slot) return RejectReason::kWrongSlot;
  return std::nullopt;
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
                                                        std::optional<int64_t>* start_ms) {
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
  span->error = error;
  return CheckSlot(*span);
}

Result<std::unique_ptr<Decoder>> Decoder::Create(const Profile& profile, uint32_t slots,
                                                 Form form) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<PathNode> tree, CompilePaths(profile));
  return std::unique_ptr<Decoder>(  // Private constructor: make_unique can't call it.
      new Decoder(profile, std::move(tree), slots, form));
}

Decoder::Decoder(const Profile& profile, std::vector<PathNode> tree, uint32_t slots, Form form)
    : parser_(std::make_unique<Parser>(profile, std::move(tree), slots, form)) {}

Decoder::~Decoder() = default;

std::optional<uint32_t> Decoder::SlotOfLast(Arena* texts) const {
  return parser_->SlotOfRecord(texts);
}

Decoder::Outcome Decoder::Decode(std::string_view record, Arena* texts, Span* span,
                                 Rejection* rejection) {
  const auto problem = parser_->Collect(record);
  if (problem == RejectReason::kMalformed) {
    *rejection = {*problem, std::nullopt, std::nullopt};
    return Outcome::kRejected;
  }
  if (!parser_->Counts()) return Outcome::kFiltered;
  std::optional<int64_t> start_ms;
  const auto reason = parser_->Interpret(texts, span, &start_ms);
  if (problem || reason) {
    *rejection = {problem ? *problem : *reason, start_ms, parser_->SlotOfRecord(texts)};
    return Outcome::kRejected;
  }
  return span->weight == 0 ? Outcome::kFiltered : Outcome::kSpan;  // It stands for no call.
}

}  // namespace tymbal::worker
