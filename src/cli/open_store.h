#pragma once

#include <memory>
#include <string>

#include "common/report_source.h"
#include "common/result_store.h"
#include "common/status.h"

namespace tymbal::cli {

/// Opens the result store that `--store` names: the path of an SQLite file, for reading only.
/// Errors: kNotFound when there is no such file, kInvalidArgument for a store that this build
/// doesn't have; a URL is never shown, it may hold a password (I10).
Result<std::unique_ptr<ReportSource>> OpenReportSource(const std::string& store);

/// Opens it for writing; `create` makes a new one where none is. Errors: as above.
Result<std::unique_ptr<ResultStore>> OpenResultStore(const std::string& store, bool create);

}  // namespace tymbal::cli
