#include "worker/token_collector.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/check.h"

namespace tymbal::worker {
namespace {

namespace ondemand = simdjson::ondemand;

/// Each that doesn't match takes time.
constexpr size_t kKnownMax = 4;
/// A shape that is met less often before it is forgotten was not worth learning.
constexpr uint64_t kWorthwhileHits = 16;
constexpr uint64_t kLearnPauseMax = 4096;

constexpr Token kNoToken;

bool IsRule(const Leaf& leaf) {
  return leaf.field == Field::kErrorRule || leaf.field == Field::kCondition;
}

}  // namespace

TokenCollector::TokenCollector(const Profile* profile, std::vector<PathNode> tree, RecordForm form,
                               const std::vector<std::string>& columns)
    : profile_(profile),
      tree_(std::move(tree)),
      form_(form),
      start_may_be_text_(
          profile->start_unit == TimeUnit::kIso ||
          (form == RecordForm::kIndexed && profile->start_unit == TimeUnit::kMillis)) {
  for (const std::string& column : columns) {
    const auto& children = tree_.front().children;
    const auto child = std::find_if(
        children.begin(), children.end(),
        [&column](const PathNode::Child& one) { return one.quoted_key == column + '"'; });
    TYMBAL_CHECK(child != children.end(), "sort values are columns of the profile");
    sort_values_.push_back(&tree_[child->node]);
  }
}

const CollectedTokens& TokenCollector::Collect(const MarkedJson& record,
                                               const MarkedJson* enclosing) {
  if (enclosing != nullptr) return CollectMarked(record, *enclosing);
  if (record.marks.empty() && own_index_.Build(record.text).ok()) {
    const MarkedJson marked{record.text, record.text.data(), own_index_.marks(),
                            record.may_have_escapes};
    return CollectMarked(marked, marked);
  }
  return CollectMarked(record, record);
}

/// `object`: whose shape counts, the record itself or what encloses it.
const CollectedTokens& TokenCollector::CollectMarked(const MarkedJson& record,
                                                     const MarkedJson& object) {
  const bool encloses = &object != &record;
  if (CollectByShape(object, encloses, /*in_line=*/false)) return tokens_;
  Reset();
  ResetChosen();
  for (size_t field = 0; field < kValueFields; ++field) tokens_.values[field] = &chosen_[field];
  tokens_.plain_texts = 0;
  object_ = object.text.data();
  taken_.clear();
  fixed_.clear();
  Parse(record.text);
  if (!tokens_.problem && !object.marks.empty()) Learn(object, encloses);
  return tokens_;
}

void TokenCollector::Reset() {
  tokens_.conditions_met = 0;
  tokens_.error = false;
  tokens_.problem.reset();
}

/// Before values are chosen by Take().
void TokenCollector::ResetChosen() {
  chosen_.fill({});
  ranks_.fill(0xFF);
  seen_ = 0;
}

/// A record may look like what encloses others, but its values stand elsewhere then.
bool TokenCollector::CollectByShape(const MarkedJson& object, bool encloses, bool in_line) {
  for (auto known = known_.begin(); known != known_.end(); ++known) {
    if (known->encloses != encloses || (in_line && known->shape.has_line_ends())) continue;
    if (!known->shape.Match(object, shape_values_.data())) continue;
    if (known != known_.begin()) std::rotate(known_.begin(), known, known + 1);
    TakeKnown(&known_.front());
    const bool has_escapes =
        object.may_have_escapes && object.text.find('\\') != std::string_view::npos;
    tokens_.plain_texts = has_escapes ? 0 : known_.front().plain_texts;
    return true;
  }
  return false;
}

void TokenCollector::TakeKnown(Known* known) {
  ++known->hits;
  learn_after_ = learn_pause_ = 0;
  Reset();
  tokens_.values = known->values;
  tokens_.forms = known->forms;
  for (const Known::Use& use : known->rules) TakeRule(use.leaf, shape_values_[use.value]);
  if (known->others.empty()) return;
  ResetChosen();
  for (const Known::Use& use : known->others) {
    Take(use.leaf, shape_values_[use.value], use.may_repeat);
  }
}

/// Objects of ever new shapes are learned from less and less often.
void TokenCollector::Learn(const MarkedJson& object, bool encloses) {
  if (learn_after_ > 0) {
    --learn_after_;
    return;
  }
  bool was_worthwhile = true;
  if (known_.size() == kKnownMax) {
    was_worthwhile = known_.back().hits >= kWorthwhileHits;
    known_.pop_back();
  }
  std::optional<Known> known = KnownOf(object);
  const bool pause = !known || !was_worthwhile;
  learn_pause_ = pause ? std::min(2 * learn_pause_ + 1, kLearnPauseMax) : 0;
  learn_after_ = learn_pause_;
  if (!known) return;
  known->encloses = encloses;
  known_.insert(known_.begin(), std::move(*known));
}

/// Nothing: the shape doesn't give what the parser has found, since a path leads to something that
/// is no value (an object of which being there counts, say), or a value is unusual.
std::optional<TokenCollector::Known> TokenCollector::KnownOf(const MarkedJson& object) {
  auto shape = JsonShape::Of(object, fixed_);
  if (!shape || !shape->Match(object, shape_values_.data())) return std::nullopt;
  Known known;
  known.shape = std::move(*shape);
  known.values.fill(&kNoToken);
  for (const Taken& taken : taken_) {
    const auto value = known.shape.ValueAt(OffsetOf(taken.token));
    if (!value || shape_values_[*value] != taken.token) return std::nullopt;
    const Known::Use use{*value, taken.leaf, taken.may_repeat};
    const auto field = static_cast<size_t>(taken.leaf.field);
    const bool is_only = IsOnly(taken);
    if (!is_only) known.others.push_back(use);
    if (IsRule(taken.leaf)) {
      if (is_only) known.rules.push_back(use);
    } else {
      known.values[field] = is_only ? &shape_values_[*value] : &chosen_[field];
      known.forms[field] = taken.leaf.form;
      const bool is_plain = is_only && IsString(taken.token) && taken.leaf.form == NameForm::kText;
      if (is_plain) known.plain_texts |= 1U << field;
    }
  }
  return known;
}

/// Whether taking it needs no look at what else was taken.
bool TokenCollector::IsOnly(const Taken& taken) const {
  if (IsQuotedNumber(taken.leaf, taken.token)) return false;
  return std::count_if(taken_.begin(), taken_.end(), [&taken](const Taken& other) {
           return IsRule(taken.leaf) ? other.leaf.id == taken.leaf.id
                                     : other.leaf.field == taken.leaf.field;
         }) == 1;
}

void TokenCollector::Parse(std::string_view record) {
  ondemand::document document;
  ondemand::object object;
  ondemand::array list;
  const auto walk = [&]() -> simdjson::error_code {
    if (form_ == RecordForm::kSortValues) {
      const auto code = document.get_array().get(list);
      return code ? code : WalkSortValues(list);
    }
    const auto code = document.get_object().get(object);
    return code ? code : WalkObject(object, tree_.front());
  };
  const auto failed = [&] {
    return parser_.iterate(record.data(), record.size(), record.size() + kRecordPadding)
               .get(document) ||
           walk() ||
           document.current_location().error() != simdjson::OUT_OF_BOUNDS;  // Nothing may follow.
  };
  if (failed()) tokens_.problem = RejectReason::kMalformed;
}

void TokenCollector::TakeAndNote(const Leaf& leaf, Token token, bool may_repeat) {
  taken_.push_back({token, leaf, may_repeat});
  Take(leaf, token, may_repeat);
}

simdjson::error_code TokenCollector::WalkObject(ondemand::object object, const PathNode& node) {
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
      if (const auto code = WalkValue(value, tree_[child.node])) return code;
      guess = index + 1 < children ? index + 1 : 0;
      break;
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code TokenCollector::WalkValue(ondemand::value value, const PathNode& node) {
  const Token token = Trimmed(value.raw_json_token());
  if (token.empty()) return simdjson::TAPE_ERROR;
  if (form_ == RecordForm::kColumns && token.front() == '[') {
    ondemand::array list;
    if (const auto code = value.get_array().get(list)) return code;
    return WalkColumn(list, node);
  }
  for (const Leaf& leaf : node.leaves) TakeAndNote(leaf, token, /*may_repeat=*/false);
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
simdjson::error_code TokenCollector::WalkColumn(ondemand::array list, const PathNode& node) {
  size_t count = 0;
  for (auto element : list) {
    ondemand::value value;
    if (const auto code = element.get(value)) return code;
    const Token token = Trimmed(value.raw_json_token());
    if (token.empty()) return simdjson::TAPE_ERROR;
    if (++count > 1) {
      tokens_.problem = RejectReason::kWrongType;
      continue;
    }
    for (const Leaf& leaf : node.leaves) TakeAndNote(leaf, token, /*may_repeat=*/false);
  }
  return simdjson::SUCCESS;
}

simdjson::error_code TokenCollector::WalkSortValues(ondemand::array list) {
  auto node = sort_values_.begin();
  for (auto element : list) {
    ondemand::value value;
    if (const auto code = element.get(value)) return code;
    if (node == sort_values_.end()) continue;  // What makes the order complete.
    const Token token = Trimmed(value.raw_json_token());
    if (token.empty()) return simdjson::TAPE_ERROR;
    for (const Leaf& leaf : (*node)->leaves) TakeAndNote(leaf, token, /*may_repeat=*/false);
    ++node;
  }
  return node == sort_values_.end() ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

simdjson::error_code TokenCollector::WalkList(ondemand::array list, const PathNode& node) {
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
        if (key == selector.key_name) {
          wanted = IsString(token) && PlainText(token) == selector.wanted;
          fixed_.push_back(OffsetOf(token));
        }
        if (key == selector.value_name) found = token;
      }
      if (wanted && !found.empty()) TakeAndNote(selector.leaf, found, /*may_repeat=*/true);
    }
  }
  return simdjson::SUCCESS;
}

void TokenCollector::Take(const Leaf& leaf, Token token, bool may_repeat) {
  const uint64_t bit = 1ULL << leaf.id;
  if ((seen_ & bit) != 0) {
    if (!may_repeat) tokens_.problem = RejectReason::kDuplicateField;
    return;  // Of a list's elements with the same key the first counts.
  }
  seen_ |= bit;
  if (IsRule(leaf)) {
    TakeRule(leaf, token);
    return;
  }
  if (token == "null") return;
  const auto field = static_cast<size_t>(leaf.field);
  if (leaf.index < ranks_[field]) {
    ranks_[field] = leaf.index;
    const bool is_number = IsQuotedNumber(leaf, token) && PlainText(token) != "null";
    chosen_[field] = is_number ? PlainText(token) : token;
    tokens_.forms[field] = leaf.form;
  }
}

void TokenCollector::TakeRule(const Leaf& leaf, Token token) {
  if (token == "null") return;
  if (leaf.field == Field::kErrorRule) {
    TakeErrorRule(profile_->errors[leaf.index], token);
  } else {
    TakeCondition(profile_->only[leaf.index], token);
  }
}

bool TokenCollector::IsQuotedNumber(const Leaf& leaf, Token token) const {
  if (form_ != RecordForm::kIndexed || !IsString(token)) return false;
  const bool is_start = leaf.field == Field::kStart && !start_may_be_text_;
  return is_start || leaf.field == Field::kDuration || leaf.field == Field::kWeight ||
         leaf.field == Field::kSlot || leaf.form == NameForm::kInteger;
}

void TokenCollector::TakeErrorRule(const ErrorRule& rule, Token token) {
  switch (rule.kind) {
    case ErrorRule::Kind::kBoolean:
      if (form_ == RecordForm::kSortValues && token == "0") return;
      if (form_ == RecordForm::kSortValues && token == "1") token = "true";
      if (!IsLiteral(token)) tokens_.problem = RejectReason::kWrongType;
      tokens_.error |= token == "true";
      return;
    case ErrorRule::Kind::kPresent:
      tokens_.error |= token != "false";
      return;
    case ErrorRule::Kind::kEquals:
      for (const std::string& value : rule.values) tokens_.error |= PlainText(token) == value;
      return;
  }
}

void TokenCollector::TakeCondition(const Condition& condition, Token token) {
  for (const std::string& value : condition.values) {
    if (PlainText(token) != value) continue;
    ++tokens_.conditions_met;  // A path is taken once, so each condition counts once.
    return;
  }
}

}  // namespace tymbal::worker
