#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/json_token.h"

namespace tymbal::worker {

/// What records of one writer have in common: the text of a record without its values. A record of
/// a known shape need not be parsed, which is three times as fast: the text between the values is
/// compared, the values lie between it. Knows nothing of JSON but strings and words, so it learns
/// from what a parser has accepted, and leaves everything unusual to the parser: escapes, control
/// characters, other fields, another order.
///
/// A record that matches would be accepted by a parser that doesn't look into words (true, 1.5e3):
/// that is left to those who use the values.
class RecordShape {
 public:
  /// Values are numbered in the order of the text; there may be so many.
  static constexpr size_t kValuesMax = 64;

  /// Takes the shape of an accepted record. `fixed`: offsets of strings that are part of the shape,
  /// as keys are. Nothing: it has too many values, or is too long to recur.
  static std::optional<RecordShape> Of(std::string_view record, const std::vector<size_t>& fixed);

  /// Returns whether `record` has this shape, and its values: strings with their quotes, and
  /// without escapes. `values` has room for kValuesMax. REQUIRES: kRecordPadding readable bytes
  /// behind it.
  bool Match(std::string_view record, Token* values) const;

  /// Returns the number of the value that began at `offset` in the record that this is the shape
  /// of.
  std::optional<size_t> ValueAt(size_t offset) const;

 private:
  enum class Value : uint8_t { kString, kWord, kNone };

  /// Text, and the value behind it.
  struct Piece {
    uint32_t begin;  // In text_.
    uint32_t size;
    Value value;
    uint32_t value_offset;  // In the record that this is the shape of.
  };

  void Append(std::string_view text, Value value, size_t value_offset);

  std::string text_;  // Of all pieces, and some bytes that may be read.
  std::vector<Piece> pieces_;
};

}  // namespace tymbal::worker
