#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "common/schema_admin.h"
#include "common/status.h"

namespace tymbal::cli {

/// The command line of `tymbal schema`.
struct SchemaOptions {
  std::string action;  ///< migrate, status, check or retain.
  std::string store = "tymbal.db";
  int64_t days = 90;
  bool dry_run = false;
};

using OpenAdmin = std::function<Result<std::unique_ptr<SchemaAdmin>>(const std::string& store)>;

/// Runs `tymbal schema`: what was found or done goes to `out`, errors to `err`. Returns the exit
/// code (exit_code.h); kExitFailed also when `check` has something to warn of.
int RunSchema(const SchemaOptions& options, int64_t now_ms, const OpenAdmin& open,
              std::ostream& out, std::ostream& err);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it and sets
/// `*exit_code`, which must outlive `root`. Returns the subcommand, owned by `root`.
CLI::App* AddSchemaCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
