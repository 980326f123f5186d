#pragma once

#include <CLI/App.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "common/config.h"
#include "common/report_source.h"
#include "common/status.h"

namespace tymbal::cli {

/// The command line of `tymbal report`, as it was written; nothing = not given.
struct ReportOptions {
  std::string view = "methods";
  std::string store = "tymbal.db";
  std::optional<std::string> period;
  std::optional<std::string> from;
  std::optional<std::string> to;
  std::optional<std::string> last;
  std::optional<std::string> app;
  std::optional<std::string> service;
  std::optional<std::string> method;
  std::optional<std::string> sort;
  std::optional<int64_t> limit;
  std::string format = "table";
  std::string tz = "UTC";
  bool merge = false;
  std::optional<int64_t> width;
};

/// What the output is.
struct OutputDevice {
  bool colour = false;  ///< It shows colours, and they are wanted.
  size_t width = 120;   ///< In columns.
};

/// Looks at standard output and at NO_COLOR and TERM.
OutputDevice DetectOutputDevice(const Environment& environment);

using OpenSource = std::function<Result<std::unique_ptr<ReportSource>>(const std::string& store)>;

/// Runs `tymbal report`: the report goes to `out`, errors to `err`, and so does the reason why CSV
/// or JSON is empty. Returns the exit code (exit_code.h): kExitOk also for an empty report,
/// kExitUsage for wrong options, kExitFailed when the store can't be read or the output not be
/// written.
int RunReport(const ReportOptions& options, const OutputDevice& device, const OpenSource& open,
              std::ostream& out, std::ostream& err);

/// Adds the subcommand to `root`. When the command line names it, parsing runs it on standard
/// output and sets `*exit_code`, which must outlive `root`. Returns the subcommand, owned by
/// `root`.
CLI::App* AddReportCommand(CLI::App& root, int* exit_code);

}  // namespace tymbal::cli
