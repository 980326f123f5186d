#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json_index.h"

namespace tymbal {

/// What JSON objects of one writer have in common: the text of one without its values. An object of
/// a known shape need not be parsed: the text between the values is compared, the values lie
/// between it. Learns from what a parser has accepted, and knows nothing of JSON itself but what
/// JsonIndex says.
///
/// An object that matches would be accepted by a parser that doesn't look into values (true, 1.5e3,
/// escapes in strings): that is left to those who use them.
class JsonShape {
 public:
  /// Values are numbered in the order of the text; there may be so many.
  static constexpr size_t kValuesMax = 64;

  /// Takes the shape of an accepted object. `fixed`: offsets of strings in it that are part of the
  /// shape, as keys are. Nothing: it has too many values, or is too long to recur.
  static std::optional<JsonShape> Of(const MarkedJson& object, const std::vector<size_t>& fixed);

  /// Returns whether `object` has this shape, and its values: strings with their quotes, whatever
  /// is between them. `values` has room for kValuesMax. REQUIRES: the text was indexed without an
  /// error, and the object has kJsonPadding readable bytes behind it.
  bool Match(const MarkedJson& object, std::string_view* values) const;

  /// Returns whether there are line ends in all objects of this shape; else there are in none.
  bool has_line_ends() const { return has_line_ends_; }

  /// Returns the number of the value that began at `offset` in the object that this is the shape
  /// of.
  std::optional<size_t> ValueAt(size_t offset) const;

 private:
  /// A part of text_. Mostly short, so that its first and its last word, which may overlap, are all
  /// of it; the two are not looked at where it is longer.
  struct Text {
    uint64_t word_mask = 0;  // Which bytes of a word count: all, unless the text is shorter.
    uint32_t begin = 0;
    uint32_t size = 0;
    uint32_t last_word = 0;  // Where that begins.
  };
  /// Text, and the value behind it. The quotes of a string belong to the text: what is compared
  /// says that the value is a string.
  struct Piece {
    Text text;
    uint32_t next_mark;     // The one behind the value.
    uint32_t behind;        // Bytes between the value, without quotes, and that mark.
    uint32_t quotes;        // Of the value, on each side: 1 or 0.
    uint32_t value_offset;  // In the object that this is the shape of.
  };

  Text Append(std::string_view part);
  static bool IsAt(const char* at, const char* end, const char* known, const Text& text);

  std::string text_;  // All of it, and what may be read behind it.
  std::vector<Piece> pieces_;
  Text last_;         // Behind the last value.
  size_t marks_ = 0;  // Of the whole object.
  bool has_line_ends_ = false;
};

}  // namespace tymbal
