#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "common/arena.h"
#include "common/coverage.h"
#include "common/json_index.h"
#include "common/span.h"
#include "worker/path_tree.h"
#include "worker/profile.h"
#include "worker/record_form.h"

namespace tymbal::worker {

/// Turns records (one JSON object each) into spans, as a profile says. The profile's paths are
/// compiled once; each record is walked once; values are looked at only where a path leads.
///
/// What no path leads to is checked for its structure only: an unknown field with a misspelt
/// literal is not noticed. Called by source readers. Thread: confined to one.
class Decoder {
 public:
  enum class Outcome : uint8_t {
    kSpan,
    kFiltered,  ///< The profile doesn't count such documents, or its weight is 0.
    kRejected,
  };

  struct Rejection {
    RejectReason reason = RejectReason::kMalformed;
    std::optional<int64_t> start_ms;  ///< Where it belongs, if that could be read.
    /// Of its names, or else the one that it carries; see RejectedRecord.
    std::optional<uint32_t> slot = {};
  };

  using Form = RecordForm;

  /// `slots` is the S that a record's slot is checked against. Errors: kInvalidArgument for a path
  /// of the profile that can't be understood.
  static Result<std::unique_ptr<Decoder>> Create(const Profile& profile, uint32_t slots,
                                                 Form form = Form::kDocument);
  /// The same for Form::kSortValues: of these columns, all of which the profile names.
  static Result<std::unique_ptr<Decoder>> CreateForSortValues(
      const Profile& profile, uint32_t slots, const std::vector<std::string>& columns);
  ~Decoder();

  /// Decodes one record. REQUIRES: kRecordPadding readable bytes behind it. The span's texts point
  /// into `record` or into `texts`. Sets `*span` for kSpan, `*rejection` for kRejected.
  /// `enclosing`: the object that the record stands in, if guesses are of such; or nullptr.
  Outcome Decode(const MarkedJson& record, Arena* texts, Span* span, Rejection* rejection,
                 const MarkedJson* enclosing = nullptr);
  /// Decodes what seems to be a record of one line, or (`encloses`) the object that one stands in,
  /// if it has the shape of an earlier one; else returns nothing: it may be more than one object,
  /// or less.
  std::optional<Outcome> DecodeGuess(const MarkedJson& guess, bool encloses, Arena* texts,
                                     Span* span, Rejection* rejection);
  /// The same of a record that wasn't indexed together with others, which is slower.
  Outcome Decode(std::string_view record, Arena* texts, Span* span, Rejection* rejection) {
    return Decode(MarkedJson{.text = record}, texts, span, rejection);
  }

  /// Returns the slot of the record decoded last, whatever its outcome: that of its names, or else
  /// the one that it carries. REQUIRES: the record is still there.
  std::optional<uint32_t> SlotOfLast(Arena* texts) const;

 private:
  struct Parser;  // Keeps simdjson out of this header: it is 30,000 lines.

  Decoder(const Profile& profile, std::vector<PathNode> tree, uint32_t slots, Form form,
          const std::vector<std::string>& columns);

  std::unique_ptr<Parser> parser_;
};

}  // namespace tymbal::worker
