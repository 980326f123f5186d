#include "cli/generate_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

namespace tymbal {
namespace {

struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string errors;
};

/// Runs `tymbal generate` in this process.
Outcome RunGenerate(std::vector<std::string> arguments) {
  CLI::App root("tymbal");
  Outcome outcome;
  AddGenerateCommand(root, &outcome.exit_code);
  arguments.insert(arguments.begin(), "generate");
  std::reverse(arguments.begin(), arguments.end());  // As CLI11 wants it.
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  root.parse(arguments);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.errors = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(GenerateCommand, WritesAsManyLinesAsAskedFor) {
  const Outcome outcome = RunGenerate({"--spans", "1_234"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1234);
  EXPECT_EQ(outcome.errors, "");
}

TEST(GenerateCommand, SameSeedSameBytes) {
  const std::string first = RunGenerate({"--spans", "500", "--seed", "5"}).out;
  EXPECT_EQ(first, RunGenerate({"--spans", "500", "--seed", "5"}).out);
  EXPECT_NE(first, RunGenerate({"--spans", "500", "--seed", "6"}).out);
}

TEST(GenerateCommand, FewEndpointsNeedNoNumberOfApps) {
  EXPECT_EQ(RunGenerate({"--spans", "1", "--endpoints", "3"}).exit_code, 0);
}

TEST(GenerateCommand, AWrongOptionIsNamedWithItsCure) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"--spans", "lots"},      {"--spans", "0"},         {"--endpoints", "2M"},
      {"--apps", "201"},        {"--seed", "x"},          {"--from", "yesterday"},
      {"--from", "1999-01-01"}, {"--duration", "1 hour"}, {"--duration", "0s"},
      {"--zipf", "steep"},      {"--zipf", "11"},         {"--errors", "5%"},
      {"--errors", "2"},        {"--bad", "nan"},         {"--order", "none"}};
  for (const auto& [option, value] : wrong) {
    const Outcome outcome = RunGenerate({option, value});
    EXPECT_EQ(outcome.exit_code, 2) << option << ' ' << value;
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(outcome.errors.starts_with("tymbal generate: " + option)) << outcome.errors;
  }
}

TEST(GenerateCommand, AWriteFailureNamesTheFile) {
  const Outcome full = RunGenerate({"--spans", "10", "--output", "/dev/full"});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_NE(full.errors.find("/dev/full"), std::string::npos) << full.errors;

  const Outcome missing = RunGenerate({"--output", "/dev/null/a.ndjson"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.errors.find("/dev/null/a.ndjson"), std::string::npos) << missing.errors;
}

}  // namespace
}  // namespace tymbal
