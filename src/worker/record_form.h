#pragma once

#include <cstddef>
#include <cstdint>

#include "common/json_index.h"

namespace tymbal::worker {

/// Bytes that must be readable (with any content) behind each record: the JSON parser reads blocks.
inline constexpr size_t kRecordPadding = kJsonPadding;

/// What a record looks like.
enum class RecordForm : uint8_t {
  kDocument,
  /// A document that an index has taken: its numbers may stand in quotes, and a start in ms may be
  /// an ISO text, for the index reads them alike.
  kIndexed,
  /// Doc values as sort values: a list with the value of each of some columns, and perhaps more.
  /// What is true or false is 1 or 0.
  kSortValues,
  kColumns,  ///< A search server's doc values: full names of fields, each with a list of values.
};

}  // namespace tymbal::worker
