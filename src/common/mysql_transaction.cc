#include "common/mysql_transaction.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/check.h"

namespace tymbal {
namespace {

constexpr int64_t kBackOffFirstMs = 20;
constexpr int64_t kBackOffMaxMs = 2000;

Status Begin(MysqlDb& db, MysqlTransactionKind kind) {
  if (kind == MysqlTransactionKind::kWrite) return db.Execute("START TRANSACTION");
  // For the next transaction only.
  TYMBAL_RETURN_IF_ERROR(db.Execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"));
  return db.Execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

/// One attempt. What the connector's commit() hides, the statements say: they go through Execute().
Status Attempt(MysqlDb& db, MysqlTransactionKind kind, const std::function<Status()>& body) {
  if (!db.connected()) TYMBAL_RETURN_IF_ERROR(db.Connect());
  db.endpoints().ForgetNoted();
  Status status = Begin(db, kind);
  if (status.ok()) status = body();
  if (status.ok()) status = db.Execute("COMMIT", MysqlDuring::kCommit);
  if (status.ok()) db.endpoints().Confirm();
  if (status.ok() || !db.connected()) return status;
  // Always: after a lock wait the first half of the transaction would still be there.
  const Status rolled_back = db.Execute("ROLLBACK");
  if (!rolled_back.ok()) db.Close();  // Which rolls back as well.
  return status;
}

int64_t BackOffMs(const MysqlRuntime& runtime, int attempt) {
  int64_t delay_ms = kBackOffFirstMs;
  for (int i = 0; i < attempt && delay_ms < kBackOffMaxMs; ++i) delay_ms *= 2;
  delay_ms = std::min(delay_ms, kBackOffMaxMs);
  const auto half = static_cast<uint64_t>(delay_ms) / 2;
  return static_cast<int64_t>(half + runtime.random() % (half + 1));
}

}  // namespace

Status RunMysqlTransaction(MysqlDb& db, const MysqlRuntime& runtime, MysqlTransactionKind kind,
                           const std::function<Status()>& body) {
  const int64_t deadline_ms = runtime.steady_ms() + db.limits().retry_ms;
  bool commit_lost = false;
  for (int attempt = 0;; ++attempt) {
    const bool was_connected = db.connected();
    const size_t batch_bytes = db.batch_bytes_max();
    const Status status = Attempt(db, kind, body);
    if (status.ok()) return status;
    switch (status.error_class()) {
      case ErrorClass::kAmbiguous:
        commit_lost = kind == MysqlTransactionKind::kWrite;
        break;
      case ErrorClass::kTransient:
        break;
      case ErrorClass::kPermanent:
        // A statement that was too long is shorter next time, as long as there is what to split.
        if (status.code() == StatusCode::kExhausted && !db.connected() &&
            db.batch_bytes_max() < batch_bytes) {
          continue;
        }
        return status;
    }
    const int64_t delay_ms = BackOffMs(runtime, attempt);
    if (runtime.steady_ms() + delay_ms >= deadline_ms) {
      return commit_lost ? Ambiguous("a COMMIT got no answer: " + status.message())
                         : Unavailable(status.message());
    }
    // The server closes idle connections, which the next statement finds out: no reason to wait.
    const bool was_idle = attempt == 0 && was_connected && !db.connected();
    if (!was_idle) runtime.pause(delay_ms);
  }
}

}  // namespace tymbal
