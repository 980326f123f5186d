#pragma once

#include <simdjson.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/coverage.h"
#include "common/json_index.h"
#include "common/json_shape.h"
#include "worker/json_token.h"
#include "worker/path_tree.h"
#include "worker/profile.h"
#include "worker/record_form.h"

namespace tymbal::worker {

/// What a record holds where the paths of a profile lead to.
struct CollectedTokens {
  /// Returns what stands there, perhaps null.
  const Token& TokenOf(Field field) const { return *values[static_cast<size_t>(field)]; }
  /// Returns the value; empty: absent or null.
  Token Of(Field field) const { return TokenOf(field) == "null" ? Token() : TokenOf(field); }
  NameForm FormOf(Field field) const { return forms[static_cast<size_t>(field)]; }
  /// Whether the value is known to be a string without escapes, and its text what it says.
  bool IsPlainText(Field field) const {
    return (plain_texts >> static_cast<size_t>(field) & 1) != 0;
  }
  /// REQUIRES: IsPlainText(field).
  std::string_view PlainTextOf(Field field) const {
    return {TokenOf(field).data() + 1, TokenOf(field).size() - 2};
  }

  std::array<const Token*, kValueFields> values;
  std::array<NameForm, kValueFields> forms;
  size_t conditions_met = 0;
  bool error = false;
  uint32_t plain_texts = 0;             ///< See IsPlainText(), by field.
  std::optional<RejectReason> problem;  ///< kMalformed: the rest says nothing.
};

/// Walks records and keeps the tokens that paths lead to. A record is walked by a JSON parser,
/// unless it has the shape of an earlier one. Thread: confined to one.
class TokenCollector {
 public:
  /// `profile` must outlive it. `columns`: of RecordForm::kSortValues, in order.
  TokenCollector(const Profile* profile, std::vector<PathNode> tree, RecordForm form,
                 const std::vector<std::string>& columns);

  TokenCollector(const TokenCollector&) = delete;  // Points into itself.
  TokenCollector& operator=(const TokenCollector&) = delete;

  /// Returns what `record` holds, until the next call. Without marks it is indexed here, which is
  /// slower. REQUIRES: kRecordPadding readable bytes behind it. `enclosing`: the indexed object
  /// that it stands in, whose shape is looked at instead of the record's; or nullptr.
  const CollectedTokens& Collect(const MarkedJson& record, const MarkedJson* enclosing);

  /// The same of what seems to be a record without line ends, or (`encloses`) an object that one
  /// stands in. Returns nullptr if it doesn't have the shape of an earlier one.
  const CollectedTokens* CollectGuess(const MarkedJson& guess, bool encloses) {
    const bool known = CollectByShape(guess, encloses, /*in_line=*/!encloses);
    return known ? &tokens_ : nullptr;
  }

  /// Whether a start in quotes is a text with a time, not a number that an index has taken.
  bool start_may_be_text() const { return start_may_be_text_; }

 private:
  /// How to collect from records of one shape.
  struct Known {
    struct Use {
      size_t value;
      Leaf leaf;
      bool may_repeat;
    };
    JsonShape shape;
    bool encloses = false;  // Of an object that a record stands in, not of a record.
    /// Where each field's value stands: among the values of the shape, or of others' fields in
    /// chosen_, or nowhere.
    std::array<const Token*, kValueFields> values{};
    std::array<NameForm, kValueFields> forms{};
    uint32_t plain_texts = 0;  // Unless there are escapes.
    std::vector<Use> rules;    // Of errors and conditions.
    std::vector<Use> others;   // What isn't the only place of its field, or needs a closer look.
    uint64_t hits = 0;
  };
  /// What was taken from the record at hand, to learn from it.
  struct Taken {
    Token token;
    Leaf leaf;
    bool may_repeat;
  };

  void Reset();
  void ResetChosen();
  const CollectedTokens& CollectMarked(const MarkedJson& record, const MarkedJson& object);
  bool CollectByShape(const MarkedJson& object, bool encloses, bool in_line);
  void TakeKnown(Known* known);
  bool IsOnly(const Taken& taken) const;
  void Parse(std::string_view record);
  void Learn(const MarkedJson& object, bool encloses);
  std::optional<Known> KnownOf(const MarkedJson& object);
  simdjson::error_code WalkObject(simdjson::ondemand::object object, const PathNode& node);
  simdjson::error_code WalkValue(simdjson::ondemand::value value, const PathNode& node);
  simdjson::error_code WalkList(simdjson::ondemand::array list, const PathNode& node);
  simdjson::error_code WalkSortValues(simdjson::ondemand::array list);
  simdjson::error_code WalkColumn(simdjson::ondemand::array list, const PathNode& node);
  void Take(const Leaf& leaf, Token token, bool may_repeat);
  void TakeRule(const Leaf& leaf, Token token);
  size_t OffsetOf(Token token) const { return static_cast<size_t>(token.data() - object_); }
  void TakeAndNote(const Leaf& leaf, Token token, bool may_repeat);
  bool IsQuotedNumber(const Leaf& leaf, Token token) const;
  void TakeErrorRule(const ErrorRule& rule, Token token);
  void TakeCondition(const Condition& condition, Token token);

  const Profile* const profile_;
  const std::vector<PathNode> tree_;
  const RecordForm form_;
  const bool start_may_be_text_;
  std::vector<const PathNode*> sort_values_;  // What each of them is.
  simdjson::ondemand::parser parser_;
  JsonIndex own_index_;

  // Of the record at hand:
  CollectedTokens tokens_;
  std::array<Token, kValueFields> chosen_;     // By Take().
  std::array<uint8_t, kValueFields> ranks_{};  // Index of the path that each value came from.
  uint64_t seen_ = 0;                          // Leaf ids.
  const char* object_ = nullptr;               // Where the record begins, or what encloses it.
  std::vector<Taken> taken_;
  std::vector<size_t> fixed_;  // Offsets of the strings that decided what was taken.

  std::vector<Known> known_;  // The last one that matched comes first.
  std::array<Token, JsonShape::kValuesMax> shape_values_;
  uint64_t learn_after_ = 0;  // So many records without a known shape.
  uint64_t learn_pause_ = 0;  // The next value of learn_after_.
};

}  // namespace tymbal::worker
