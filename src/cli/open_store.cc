#include "cli/open_store.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <random>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/environment.h"
#include "common/mysql_result_store.h"
#include "common/mysql_schema_admin.h"
#include "common/mysql_url.h"
#include "common/sqlite_result_store.h"
#include "common/sqlite_schema_admin.h"

namespace tymbal::cli {
namespace {

MysqlRuntime RealRuntime() {
  MysqlRuntime runtime;
  runtime.now_ms = WallTimeMs;
  runtime.steady_ms = [] {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  };
  runtime.pause = [](int64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  std::random_device device;
  const uint64_t seed = (uint64_t{device()} << 32) ^ device();
  runtime.random = [generator = std::mt19937_64(seed)]() mutable { return generator(); };
  return runtime;
}

Result<MysqlStoreOptions> MysqlOptionsOf(const std::string& store) {
  TYMBAL_ASSIGN_OR_RETURN(MysqlTarget target, ParseMysqlUrl(store, ProcessEnvironment()));
  return MysqlStoreOptions{std::move(target), MysqlLimits(), RealRuntime()};
}

Result<std::unique_ptr<MysqlResultStore>> OpenMysql(const std::string& store) {
  TYMBAL_ASSIGN_OR_RETURN(const MysqlStoreOptions options, MysqlOptionsOf(store));
  return MysqlResultStore::Open(options);
}

/// Refuses URLs that are no store's, by their scheme alone: what follows may hold a password (I10).
Status CheckStore(const std::string& store) {
  if (store.empty()) return InvalidArgument("the store has no name; give a path with --store");
  if (store.find("://") == std::string::npos) return Status::Ok();
  return InvalidArgument(
      "no store has such a URL; give the path of an SQLite file or mysql://... with --store");
}

Status CheckExists(const std::string& store) {
  std::error_code error;
  const std::filesystem::file_status found = std::filesystem::status(store, error);
  if (found.type() == std::filesystem::file_type::not_found) {
    return NotFound("there is no result store '" + store +
                    "'; name one with --store or TYMBAL_STORE");
  }
  if (std::filesystem::is_directory(found)) {
    return InvalidArgument("'" + store + "' is a directory; a result store is an SQLite file");
  }
  return Status::Ok();  // Anything else: opening it says what is wrong.
}

Result<std::unique_ptr<SqliteResultStore>> Open(const std::string& store,
                                                const SqliteOptions& options) {
  TYMBAL_RETURN_IF_ERROR(CheckStore(store));
  if (!options.create) TYMBAL_RETURN_IF_ERROR(CheckExists(store));
  return SqliteResultStore::Open(options);
}

}  // namespace

std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", device());
  return id;
}

int64_t WallTimeMs() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

Result<std::unique_ptr<SchemaAdmin>> OpenSchemaAdmin(const std::string& store) {
  if (IsMysqlUrl(store)) {
    TYMBAL_ASSIGN_OR_RETURN(const MysqlStoreOptions options, MysqlOptionsOf(store));
    return MakeMysqlSchemaAdmin(options);
  }
  TYMBAL_RETURN_IF_ERROR(CheckStore(store));
  return MakeSqliteSchemaAdmin(store);
}

Result<std::unique_ptr<ReportSource>> OpenReportSource(const std::string& store) {
  if (IsMysqlUrl(store)) {
    TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<ReportSource> source, OpenMysql(store));
    return source;
  }
  SqliteOptions options;
  options.path = store;
  options.create = false;
  options.read_only = true;
  options.now = WallTimeMs;
  TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<ReportSource> source, Open(store, options));
  return source;
}

Result<std::unique_ptr<ResultStore>> OpenResultStore(const std::string& store, bool create) {
  if (IsMysqlUrl(store)) {
    TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<ResultStore> opened, OpenMysql(store));
    return opened;
  }
  SqliteOptions options;
  options.path = store;
  options.create = create;
  options.read_only = false;
  options.now = WallTimeMs;
  TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<ResultStore> opened, Open(store, options));
  return opened;
}

}  // namespace tymbal::cli
