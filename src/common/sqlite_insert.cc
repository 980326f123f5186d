#include "common/sqlite_insert.h"

namespace tymbal {

Result<SqliteInsert> SqliteInsert::Create(SqliteDb& db, const std::string& table, int columns,
                                          size_t rows) {
  std::string row = "(?";
  for (int i = 1; i < columns; ++i) row += ",?";
  row += ")";
  std::string sql = "INSERT OR FAIL INTO " + table + " VALUES " + row;
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement one, db.Prepare(sql));
  for (size_t i = 1; i < kRowsAtOnce; ++i) sql += "," + row;
  TYMBAL_ASSIGN_OR_RETURN(SqliteStatement many, db.Prepare(sql));
  return SqliteInsert(db, std::move(one), std::move(many), columns, rows);
}

Status SqliteInsert::Run(SqliteStatement* statement) {
  Status status = statement->Run();
  inserted_ += static_cast<size_t>(db_.changes());
  bound_ = 0;
  if (full_left_ > 0) --full_left_;
  return status;
}

}  // namespace tymbal
