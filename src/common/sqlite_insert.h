#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "common/check.h"
#include "common/sqlite_db.h"
#include "common/status.h"

namespace tymbal {

/// Inserts rows, whose number is known before, into one table, many by each statement: to begin and
/// to end a statement takes as long as a short row. After an error the first rows of a statement
/// may be in the table ("OR FAIL"; to undo them, SQLite would copy each page before it is changed):
/// the caller must roll its transaction back. After the last row it calls Finish(). Must not
/// outlive the database. Thread: that of its database.
class SqliteInsert {
 public:
  /// `table` is the table and its columns, as in "t (a, b)".
  static Result<SqliteInsert> Create(SqliteDb& db, const std::string& table, int columns,
                                     size_t rows);

  /// Adds a row: `bind(statement, first)` binds its columns to the parameters from `first` on. The
  /// bytes must live until all rows have been added.
  template <typename Bind>
  Status Add(Bind bind) {
    SqliteStatement& statement = full_left_ > 0 ? many_ : one_;
    bind(&statement, 1 + static_cast<int>(bound_) * columns_);
    if (++bound_ < (full_left_ > 0 ? kRowsAtOnce : 1)) return Status::Ok();
    return Run(&statement);
  }

  /// Makes sure that no row was bound and then forgotten. REQUIRES: as many rows as were announced.
  void Finish() const { TYMBAL_CHECK(bound_ == 0, "rows that were announced didn't come"); }

  /// How many rows are in the table; after an error the next one is the row that was refused.
  size_t inserted() const { return inserted_; }

 private:
  /// More of them gain nothing.
  static constexpr size_t kRowsAtOnce = 64;

  SqliteInsert(SqliteDb& db, SqliteStatement one, SqliteStatement many, int columns, size_t rows)
      : db_(db),
        one_(std::move(one)),
        many_(std::move(many)),
        columns_(columns),
        full_left_(rows / kRowsAtOnce) {}

  Status Run(SqliteStatement* statement);

  SqliteDb& db_;
  SqliteStatement one_;
  SqliteStatement many_;
  int columns_;
  size_t full_left_;  // How often `many_` has to run; `one_` inserts the rest.
  size_t bound_ = 0;  // Rows that the next Run() inserts.
  size_t inserted_ = 0;
};

}  // namespace tymbal
