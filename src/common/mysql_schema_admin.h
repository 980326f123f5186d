#pragma once

#include <memory>

#include "common/mysql_result_store.h"
#include "common/schema_admin.h"

namespace tymbal {

/// Returns the administration of a store in MySQL or MariaDB. Connects within the calls. Migrating
/// and retaining also create the partitions of the days ahead.
std::unique_ptr<SchemaAdmin> MakeMysqlSchemaAdmin(const MysqlStoreOptions& options);

}  // namespace tymbal
