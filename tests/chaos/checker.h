#pragma once

#include <cstdint>

#include "chaos/history.h"
#include "chaos/raw_sql.h"

namespace tymbal::chaos {

/// Creates what counts commits and writes down how the ledger changes: triggers, whose rows become
/// visible with the transaction that they count, or never. REQUIRES: a migrated, empty database.
void InstallProbes(RawSql& sql);

/// Compares the database with the oracle, the probes and what the writers were told, and reports
/// what doesn't agree. Knows the schema, but nothing of the adapter. REQUIRES: nobody writes any
/// more.
void CheckLedger(RawSql& sql, int32_t fragments_per_run, History* history);

/// Checks what reports show at this moment: whole runs with the right numbers, or nothing of them.
void CheckShown(RawSql& sql, int32_t fragments_per_run, History* history);

}  // namespace tymbal::chaos
