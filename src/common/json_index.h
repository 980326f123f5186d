#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "common/status.h"

namespace tymbal {

/// Bytes that must be readable (with any content) behind a text: it is read in blocks.
inline constexpr size_t kJsonPadding = 64;

/// Where in a text each bracket, comma and colon stands that is not in a string, and each first
/// byte of a string (its quote) and of a word (a number, true, false, null): a mark. Found by
/// simdjson's first stage, many bytes at a time. The text may hold several JSON values, one behind
/// the other. Thread: confined to one.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(JsonIndex&&) noexcept;
  JsonIndex& operator=(JsonIndex&&) noexcept;

  /// Indexes a text, and checks that it is UTF-8, that its strings end, and that no control
  /// characters are in them. Keeps its memory from text to text. REQUIRES: kJsonPadding readable
  /// bytes behind it. Errors: kBadInput.
  Status Build(std::string_view text);

  /// Returns the offsets of the marks, ascending; none after an error. Behind the last one stands
  /// the size of the text.
  std::span<const uint32_t> marks() const { return marks_; }

  /// Returns whether some string of the text may have escapes.
  bool may_have_escapes() const { return may_have_escapes_; }

 private:
  struct Stage;  // Keeps simdjson out of this header: it is 30,000 lines.

  std::unique_ptr<Stage> stage_;
  std::span<const uint32_t> marks_;
  bool may_have_escapes_ = false;
};

/// A JSON value within an indexed text.
struct MarkedJson {
  std::string_view text;                 ///< From its first to its last byte.
  const char* base = nullptr;            ///< Where the indexed text begins.
  std::span<const uint32_t> marks = {};  ///< From its first mark on, perhaps beyond its end.
  bool may_have_escapes = true;          ///< Some string of the indexed text.

  /// Returns the byte that a mark stands at. REQUIRES: mark < marks.size().
  char At(size_t mark) const { return base[marks[mark]]; }
};

/// Returns the number of marks from the one numbered `first` to the end of the value that begins
/// there; 0 if it doesn't end. Looks at brackets only, not at what is between them.
size_t CountMarks(const char* base, std::span<const uint32_t> marks, size_t first);

}  // namespace tymbal
