#include <CLI/CLI.hpp>

#include "cli/config_command.h"
#include "cli/exit_code.h"
#include "cli/generate_command.h"
#include "cli/report_command.h"
#include "cli/run_command.h"
#include "cli/schema_command.h"

int main(int argc, char** argv) {
  CLI::App app("Statistics of tracing spans: exact percentiles, counts, errors, the slowest calls",
               "tymbal");
  app.set_version_flag("--version", "tymbal " TYMBAL_VERSION);
  app.require_subcommand(1);
  int exit_code = tymbal::cli::kExitOk;
  tymbal::cli::AddRunCommand(app, &exit_code);
  tymbal::cli::AddReportCommand(app, &exit_code);
  tymbal::AddGenerateCommand(app, &exit_code);
  tymbal::cli::AddSchemaCommand(app, &exit_code);
  tymbal::cli::AddConfigCommand(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    // Help and version are "errors" as well, with code 0.
    return app.exit(e) == 0 ? tymbal::cli::kExitOk : tymbal::cli::kExitUsage;
  }
  return exit_code;
}
