#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/report_source.h"
#include "common/result_store.h"
#include "common/schema_admin.h"
#include "common/status.h"

namespace tymbal::cli {

/// Opens the result store that `--store` names, for reading: the path of an SQLite file, or a URL
/// of MySQL (common/mysql_url.h). Errors: kNotFound when there is no such file, kUnavailable when
/// the server can't be reached, kInvalidArgument for anything that a person must change; a URL is
/// never shown, it may hold a password (I10).
Result<std::unique_ptr<ReportSource>> OpenReportSource(const std::string& store);

/// Opens it for writing; `create` makes a new file where none is. The tables of a MySQL store are
/// made by `tymbal schema migrate` only. Errors: as above.
Result<std::unique_ptr<ResultStore>> OpenResultStore(const std::string& store, bool create);

/// Returns the administration of its tables; connects to or opens nothing yet. Errors: as above.
Result<std::unique_ptr<SchemaAdmin>> OpenSchemaAdmin(const std::string& store);

/// Returns a random text of 32 hexadecimal digits.
std::string RandomId();

/// Returns the time in ms since the UTC epoch, for the wiring to hand to what needs it.
int64_t WallTimeMs();

}  // namespace tymbal::cli
