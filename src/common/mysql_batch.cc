#include "common/mysql_batch.h"

#include <fmt/format.h>

namespace tymbal {

Status MysqlBatch::Add(size_t index, std::string_view values) {
  const size_t fixed = texts_.head.size() + texts_.tail.size();
  if (fixed + values.size() > db_.statement_bytes_max()) {
    return describe_(index,
                     Exhausted(fmt::format("the row takes {} bytes, the server's "
                                           "max_allowed_packet allows {}; raise it",
                                           fixed + values.size(), db_.statement_bytes_max())));
  }
  const bool full = indexes_.size() >= db_.limits().batch_rows_max ||
                    fixed + rows_.size() + 1 + values.size() > db_.batch_bytes_max();
  if (full) TYMBAL_RETURN_IF_ERROR(Flush());
  if (!rows_.empty()) rows_.push_back(',');
  rows_.append(values);
  ends_.push_back(rows_.size());
  indexes_.push_back(index);
  return Status::Ok();
}

Status MysqlBatch::Send(std::string_view rows) {
  std::string sql;
  sql.reserve(texts_.head.size() + rows.size() + texts_.tail.size());
  sql.append(texts_.head).append(rows).append(texts_.tail);
  return db_.Execute(sql);
}

Status MysqlBatch::Flush() {
  if (indexes_.empty()) return Status::Ok();
  Status status = Send(rows_);
  if (!status.ok()) {
    const MysqlErrorKind kind = db_.last_error();
    if (kind == MysqlErrorKind::kBadRow) {
      status = FindBadRow(status);
    } else if (kind == MysqlErrorKind::kTooLarge && indexes_.size() == 1) {
      status = describe_(indexes_[0], status);
    }
  }
  rows_.clear();
  ends_.clear();
  indexes_.clear();
  return status;
}

Status MysqlBatch::FindBadRow(const Status& status) {
  // A refused statement changed nothing; the transaction will be rolled back in any case.
  size_t start = 0;
  for (size_t i = 0; i < indexes_.size(); ++i) {
    const Status single = Send(std::string_view(rows_).substr(start, ends_[i] - start));
    if (!single.ok()) {
      return db_.last_error() == MysqlErrorKind::kBadRow ? describe_(indexes_[i], single) : single;
    }
    start = ends_[i] + 1;
  }
  return status;
}

}  // namespace tymbal
