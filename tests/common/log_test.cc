#include "common/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tymbal {
namespace {

class LinesLog : public Log {
 public:
  std::vector<std::string> lines;

 protected:
  void Write(LogLevel /*level*/, std::string line) override { lines.push_back(std::move(line)); }
};

TEST(Log, WritesASentenceWithItsFields) {
  LinesLog log;
  log.Info("run planned", {{"run", 7}, {"node", "n1"}, {"paused", false}});
  EXPECT_EQ(log.lines, std::vector<std::string>{"run planned run=7 node=n1 paused=false"});
}

TEST(Log, NoValueBreaksTheLineOrLooksLikeAnotherField) {
  LinesLog log;
  log.Error("failed", {{"reason", "a=b\nc \"d\" \x1b[31m"}, {"empty", ""}});
  EXPECT_EQ(log.lines,
            std::vector<std::string>{"failed reason=\"a=b\\nc \\\"d\\\" \\x1b[31m\" empty=\"\""});
}

TEST(Log, CutsWhatIsEndless) {
  LinesLog log;
  log.Warn("failed", {{"reason", std::string(1 << 20, 'x')}});
  EXPECT_LT(log.lines.at(0).size(), 5000U);
}

}  // namespace
}  // namespace tymbal
