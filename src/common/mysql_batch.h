#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/mysql_db.h"
#include "common/status.h"

namespace tymbal {

/// Collects rows into INSERT statements of many rows. Runs inside the transaction of its caller.
/// Each row is added with an index by which the caller finds it again; a row that the tables refuse
/// is looked for, row by row, and named by `describe`.
class MysqlBatch {
 public:
  struct Texts {
    std::string head;  ///< "INSERT INTO t (a, b) VALUES "
    std::string tail;  ///< Behind the last row; mostly empty.
  };
  /// Returns the error for the row of that index; `status` is what the server said.
  using Describe = std::function<Status(size_t index, const Status& status)>;

  MysqlBatch(MysqlDb& db, Texts texts, Describe describe)
      : db_(db), texts_(std::move(texts)), describe_(std::move(describe)) {}

  /// `values` is "(…)". Sends what has been collected when it is enough.
  Status Add(size_t index, std::string_view values);
  /// Sends the rest.
  Status Flush();

 private:
  Status Send(std::string_view rows);
  Status FindBadRow(const Status& status);

  MysqlDb& db_;
  Texts texts_;
  Describe describe_;
  std::string rows_;
  std::vector<size_t> ends_;  // Of each row in rows_.
  std::vector<size_t> indexes_;
};

}  // namespace tymbal
