#include "cli/schema_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <string_view>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/open_store.h"
#include "common/time_text.h"

namespace tymbal::cli {
namespace {

constexpr int64_t kDaysMin = 1;
constexpr int64_t kDaysMax = 36'500;

Status Migrate(SchemaAdmin& admin, int64_t now_ms, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const int64_t applied, admin.Migrate(now_ms));
  TYMBAL_ASSIGN_OR_RETURN(const SchemaState state, admin.ReadState());
  if (applied == 0) {
    fmt::print(out, "The schema is up to date, at {}.\n", state.version);
  } else {
    fmt::print(out, "Applied {} migration{}; the schema is at {} now.\n", applied,
               applied == 1 ? "" : "s", state.version);
  }
  return Status::Ok();
}

void PrintState(const SchemaState& state, std::ostream& out) {
  fmt::print(out, "server   {}\nschema   {}, this tymbal needs {}\n", PrintableLines(state.server),
             state.version, state.known);
  for (const std::string& warning : state.warnings) {
    fmt::print(out, "warning  {}\n", PrintableLines(warning));
  }
}

Status ShowStatus(SchemaAdmin& admin, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const SchemaState state, admin.ReadState());
  PrintState(state, out);
  return Status::Ok();
}

Status Check(SchemaAdmin& admin, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const SchemaState state, admin.ReadState());
  PrintState(state, out);
  if (state.version > state.known) {
    return InvalidArgument("the store was written by a newer tymbal; use that");
  }
  if (state.version < state.known) {
    return InvalidArgument("the schema is too old; run `tymbal schema migrate`");
  }
  if (state.warnings.empty()) return Status::Ok();
  return Internal("the store can be used, but see the warnings");
}

void PrintNames(std::string_view title, const std::vector<std::string>& names, std::ostream& out) {
  if (names.empty()) return;
  fmt::print(out, "{}: {}\n", title, fmt::join(names, ", "));
}

Status Retain(SchemaAdmin& admin, const SchemaOptions& options, int64_t now_ms, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(
      const RetainReport report,
      admin.Retain({.now_ms = now_ms, .days = options.days, .dry_run = options.dry_run}));
  const std::string cutoff = TimeZone::Utc().FormatShort(report.cutoff_ms);
  fmt::print(out, "{} {} run{} of periods before {}.\n",
             options.dry_run ? "Would delete" : "Deleted", report.runs, report.runs == 1 ? "" : "s",
             cutoff);
  if (!report.held_back.empty()) {
    fmt::print(out, "Not as far as {} days ago: {}.\n", options.days, report.held_back);
  }
  PrintNames(options.dry_run ? "Would drop partitions" : "Dropped partitions",
             report.partitions_dropped, out);
  PrintNames(options.dry_run ? "Would create partitions" : "Created partitions",
             report.partitions_created, out);
  return Status::Ok();
}

Status Run(const SchemaOptions& options, int64_t now_ms, const OpenAdmin& open, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const std::unique_ptr<SchemaAdmin> admin, open(options.store));
  if (options.action == "migrate") return Migrate(*admin, now_ms, out);
  if (options.action == "status") return ShowStatus(*admin, out);
  if (options.action == "check") return Check(*admin, out);
  return Retain(*admin, options, now_ms, out);
}

}  // namespace

int RunSchema(const SchemaOptions& options, int64_t now_ms, const OpenAdmin& open,
              std::ostream& out, std::ostream& err) {
  const Status status = Run(options, now_ms, open, out);
  out.flush();
  if (status.ok() && out) return kExitOk;
  const std::string message = status.ok() ? "can't write the output" : status.message();
  err << "tymbal schema " << options.action << ": " << PrintableLines(message) << '\n';
  return status.ok() ? kExitFailed : ExitCodeOf(status);
}

CLI::App* AddSchemaCommand(CLI::App& root, int* exit_code) {
  CLI::App* const schema = root.add_subcommand("schema", "Look after the tables of a result store");
  schema->require_subcommand(1);
  const auto options = std::make_shared<SchemaOptions>();  // Lives as long as the callbacks.
  const auto add = [&](const std::string& action, const std::string& help) {
    CLI::App* const command = schema->add_subcommand(action, help);
    command
        ->add_option("--store", options->store,
                     "Result store: the path of an SQLite file, or mysql://user@host/database")
        ->envname("TYMBAL_STORE")
        ->capture_default_str();
    command->callback([options, action, exit_code] {
      options->action = action;
      *exit_code = RunSchema(*options, WallTimeMs(), OpenSchemaAdmin, std::cout, std::cerr);
    });
    return command;
  };
  add("migrate", "Create the tables, or bring them up to date; running it again does nothing");
  add("status", "Show which schema the store has, and what to know about its server");
  add("check", "The same, and fail when something should be changed");
  CLI::App* const retain =
      add("retain", "Delete expired periods, and prepare the partitions of the days ahead");
  retain->add_option("--days", options->days, "Keep so many days")
      ->check(CLI::Range(kDaysMin, kDaysMax))
      ->capture_default_str();
  retain->add_flag("--dry-run", options->dry_run, "Only say what would be done");
  return schema;
}

}  // namespace tymbal::cli
