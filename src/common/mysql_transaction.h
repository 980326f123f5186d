#pragma once

#include <functional>

#include "common/mysql_db.h"
#include "common/mysql_options.h"
#include "common/status.h"

namespace tymbal {

enum class MysqlTransactionKind {
  kRead,   ///< One snapshot for several SELECTs.
  kWrite,  ///< READ COMMITTED: what must stay true is read FOR UPDATE or LOCK IN SHARE MODE.
};

/// Runs `body` in a transaction and commits it when it returns ok, else rolls back. Connects first
/// where there is no connection. Deadlocks, lock waits, lost connections, restarts, failovers and
/// busy servers: waits (capped back-off with jitter), connects again where needed, and runs the
/// whole transaction again, until limits().retry_ms are over. So `body` may run several times: it
/// sets anew what it fills in, and it looks before it writes, as a COMMIT whose reply was lost may
/// have happened. Errors: those of `body`; kUnavailable: nothing happened; kAmbiguous: a COMMIT was
/// lost and the server did not come back in time to ask.
Status RunMysqlTransaction(MysqlDb& db, const MysqlRuntime& runtime, MysqlTransactionKind kind,
                           const std::function<Status()>& body);

}  // namespace tymbal
