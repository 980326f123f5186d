#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/json_index.h"
#include "search/answer_envelope.h"
#include "search/http_client.h"

namespace tymbal::search {

/// One hit of a search. The texts point into the answer.
struct Hit {
  std::string_view index;  ///< As it stands in the answer, without its quotes.
  std::string_view id;     ///< The same.
  MarkedJson record;       ///< Its `_source`, or else its `fields`: a JSON object; empty: neither.
  MarkedJson sort;         ///< Its sort values, a JSON list; empty: none.
};

/// Where a hit stands in the order of storage (kStoredOrder).
using Position = std::array<int64_t, 2>;

/// Returns the sort values of a hit, as far as they are whole numbers; 0 for others. No server puts
/// blanks between them.
Position PositionOf(const Hit& hit);

/// The hits of an answer to a search.
struct HitsPage {
  JsonIndex marks;  ///< Of the answer.
  AnswerEnvelope envelope;
  bool has_hits = false;  ///< The list is there, be it empty; it isn't in an error.
  std::vector<Hit> hits;
  std::string scroll_id;
};

/// Finds the hits of an answer without copying them, all at once or one by one. Keeps its memory
/// from page to page. Thread: confined to one.
class HitsPageParser {
 public:
  HitsPageParser();
  ~HitsPageParser();

  /// Fills `page` from an answer; the hits are valid as long as `body` is left alone. Says nothing
  /// about whether they are all (CheckWhole()). Errors: kUnavailable for what is no JSON answer of
  /// a search: it was cut off, or a proxy spoke instead.
  Status Parse(const HttpBody& body, HitsPage* page) { return Parse(body.text(), page); }

  /// The same of a text. REQUIRES: kBodyPadding readable bytes behind it.
  Status Parse(std::string_view answer, HitsPage* page);

  /// Begins with an answer, as Parse(): its hits come from Next(), not into `page`, which must stay
  /// as it is until End(). Errors: as there.
  Status Begin(std::string_view answer, HitsPage* page);
  /// Takes the next hit; returns false at their end. Errors: as above. REQUIRES: `*hit` is new.
  Result<bool> Next(Hit* hit);
  /// Returns the whole of the hit that Next() has just taken: a JSON object.
  const MarkedJson& last_hit() const;
  /// Returns what the next hit seems to be: as many marks as the last one. nullptr: it seems not.
  /// It is one if it has the shape of a hit that Next() took. Then it is to be accepted; or else
  /// Next() takes the true one.
  const MarkedJson* Guess();
  /// Goes on behind the hit that Guess() has returned.
  void Accept();
  /// Fills in what the answer says beside its hits. Errors: as above. REQUIRES: Next() has returned
  /// false.
  Status End();

 private:
  struct Parser;  // Keeps simdjson out of this header.
  std::unique_ptr<Parser> parser_;
};

}  // namespace tymbal::search
