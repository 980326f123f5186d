#include "cli/index_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

#include "cli/environment.h"
#include "cli/exit_code.h"
#include "cli/index_check.h"
#include "cli/search_opener.h"
#include "worker/profile.h"

namespace tymbal::cli {
namespace {

using search::FoundItem;
using search::SetupItem;
using search::SetupState;

std::string RequestText(std::string_view method, const SetupItem& item, bool with_body) {
  std::string text = fmt::format("{} {}\n", method, item.path);
  if (with_body) text += item.body + (item.body.ends_with('\n') ? "" : "\n");
  return text;
}

Status Install(search::SearchClient* client, const search::ServerVersion& version,
               const IndexOptions& options, std::ostream& out) {
  if (options.setup.pipeline) TYMBAL_RETURN_IF_ERROR(search::CheckCanComputeSlots(client));
  TYMBAL_ASSIGN_OR_RETURN(std::vector<SetupItem> items,
                          search::SetupItemsOf(options.setup, version));
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<FoundItem> found,
                          search::FindItems(client, std::move(items)));
  TYMBAL_RETURN_IF_ERROR(search::CheckOurs(found));
  bool changed = false;
  for (const auto& [item, state] : found) {
    if (state == SetupState::kSame) {
      out << fmt::format("The {} is there, unchanged.\n", item.Text());
      continue;
    }
    changed = true;
    const bool is_new = state == SetupState::kAbsent;
    if (options.dry_run) {
      out << fmt::format("Would {} the {}:\n{}\n", is_new ? "make" : "change", item.Text(),
                         RequestText("PUT", item, true));
      continue;
    }
    TYMBAL_RETURN_IF_ERROR(search::Make(client, item));
    out << fmt::format("The {} was {}.\n", item.Text(), is_new ? "made" : "changed");
  }
  if (changed && !options.dry_run) {
    out << fmt::format(
        "It is for indices {} that are made from now on; those that are there stay as "
        "they are.\n",
        options.setup.index);
  }
  return Status::Ok();
}

/// Returns why a pipeline must stay; empty: it needn't.
Result<std::string> WhyItStays(search::SearchClient* client, const SetupItem& item) {
  if (item.kind != SetupItem::Kind::kPipeline) return std::string();
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<std::string> users,
                          search::IndicesWithPipeline(client, item));
  if (users.empty()) return std::string();
  return fmt::format(
      "{} indices send their documents through it ({} is one); delete them, or set their "
      "index.default_pipeline to _none, and call this again",
      users.size(), users.front());
}

Status Uninstall(search::SearchClient* client, const search::ServerVersion& version,
                 const IndexOptions& options, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(std::vector<SetupItem> items,
                          search::SetupItemsOf(options.setup, version));
  // The template first: without the pipeline, new indices would refuse their documents.
  std::reverse(items.begin(), items.end());
  TYMBAL_ASSIGN_OR_RETURN(const std::vector<FoundItem> found,
                          search::FindItems(client, std::move(items)));
  TYMBAL_RETURN_IF_ERROR(search::CheckOurs(found));
  for (const auto& [item, state] : found) {
    if (state == SetupState::kAbsent) {
      out << fmt::format("The {} isn't there.\n", item.Text());
      continue;
    }
    TYMBAL_ASSIGN_OR_RETURN(const std::string why, WhyItStays(client, item));
    if (!why.empty()) {
      out << fmt::format("The {} stays: {}.\n", item.Text(), why);
    } else if (options.dry_run) {
      out << fmt::format("Would remove the {}:\n{}\n", item.Text(),
                         RequestText("DELETE", item, false));
    } else {
      TYMBAL_RETURN_IF_ERROR(search::Remove(client, item));
      out << fmt::format("The {} was removed.\n", item.Text());
    }
  }
  return Status::Ok();
}

Status Setup(IndexOptions options, const Environment& environment, std::ostream& out) {
  TYMBAL_ASSIGN_OR_RETURN(const Config config, SearchServerConfig(options, environment));
  TYMBAL_ASSIGN_OR_RETURN(const worker::Profile native, worker::LoadProfile("tymbal"));
  TYMBAL_ASSIGN_OR_RETURN(const auto opener, SearchOpener::Create(config, native, environment));
  options.setup.index = opener->index();
  options.setup.pipeline = !options.no_pipeline;
  const std::atomic<bool> never{false};
  const auto client = opener->OpenClient(&never);
  TYMBAL_ASSIGN_OR_RETURN(const search::ServerVersion version, opener->AskVersion(client.get()));
  return options.action == "install" ? Install(client.get(), version, options, out)
                                     : Uninstall(client.get(), version, options, out);
}

}  // namespace

int RunIndex(const IndexOptions& options, const Environment& environment, std::ostream& out,
             std::ostream& err) {
  const Status status = options.action == "check" ? CheckIndex(options, environment, out)
                                                  : Setup(options, environment, out);
  out.flush();
  if (status.ok() && out) return kExitOk;
  const std::string message = status.ok() ? "can't write the output" : status.message();
  err << "tymbal index " << options.action << ": " << PrintableLines(message) << '\n';
  return status.ok() ? kExitFailed : ExitCodeOf(status);
}

CLI::App* AddIndexCommand(CLI::App& root, int* exit_code) {
  CLI::App* const index =
      root.add_subcommand("index", "Look after indices of Elasticsearch and OpenSearch");
  index->require_subcommand(1);
  const auto options = std::make_shared<IndexOptions>();  // Lives as long as the callbacks.
  const auto add = [&](const std::string& action, const std::string& help) {
    CLI::App* const command = index->add_subcommand(action, help);
    AddServerOptions(command, options.get());
    command->callback([options, action, exit_code] {
      options->action = action;
      *exit_code = RunIndex(*options, ProcessEnvironment(), std::cout, std::cerr);
    });
    return command;
  };
  CLI::App* const install =
      add("install", "Make the template of new indices, and the pipeline that writes spans' slots");
  install->add_option("--shards", options->setup.shards, "Shards of an index")
      ->capture_default_str();
  install->add_option("--replicas", options->setup.replicas, "Copies of each shard")
      ->capture_default_str();
  install
      ->add_option("--refresh", options->setup.refresh,
                   "How soon spans can be found; -1 = never by itself")
      ->capture_default_str();
  install->add_flag("--no-pipeline", options->no_pipeline, "Documents get no slot");
  CLI::App* const uninstall = add("uninstall", "Remove both again; indices stay");
  for (CLI::App* const command : {install, uninstall}) {
    command->add_flag("--dry-run", options->dry_run, "Only show the requests");
  }
  CLI::App* const check =
      add("check", "Say what is in an index, how it will be read, what that costs, what to change");
  AddProfileOption(check, options.get());
  check->add_option("--from", options->from, "The period to look at (default: the last due one)");
  check->add_option("--period", options->period, "Length of a period (default: 5m)");
  check->add_flag("--json", options->json, "Write JSON");
  return index;
}

}  // namespace tymbal::cli
