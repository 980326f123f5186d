#pragma once

#include <memory>
#include <string>

#include "common/schema_admin.h"

namespace tymbal {

/// Returns the administration of a store in an SQLite file. Opens it only within the calls; Migrate
/// makes the file where there is none.
std::unique_ptr<SchemaAdmin> MakeSqliteSchemaAdmin(std::string path);

}  // namespace tymbal
