#include "support/mysql_test_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <utility>

#include "common/mysql_schema.h"
#include "common/mysql_url.h"

namespace tymbal::testing {
namespace {

void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

}  // namespace

std::optional<MysqlTarget> FindServer(const MysqlTestServer& server) {
  const std::optional<std::string> url = ReadVariable(server.variable);
  if (!url.has_value() || url->empty()) return std::nullopt;
  Result<MysqlTarget> target = ParseMysqlUrl(*url, ReadVariable);
  if (!target.has_value()) throw std::runtime_error(target.error().message());
  return *target;
}

MysqlRuntime TestRuntime(std::function<int64_t()> now) {
  MysqlRuntime runtime;
  runtime.now_ms = std::move(now);
  runtime.steady_ms = [] {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  };
  runtime.pause = [](int64_t ms) {
    // A wait with a deadline that nobody ends early.
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::chrono::milliseconds(ms), [] { return false; });
  };
  auto state = std::make_shared<uint64_t>(static_cast<uint64_t>(getpid()) << 20);
  runtime.random = [state] {  // splitmix64
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  return runtime;
}

MysqlTestDatabase::MysqlTestDatabase(const MysqlTestServer& server)
    : target_(FindServer(server).value()) {
  static std::atomic<int> count = 0;
  target_.database.clear();
  db_ = std::make_unique<MysqlDb>(target_, MysqlLimits());
  Must(db_->Connect());
  target_.database = fmt::format("tymbal_test_{}_{}", getpid(), ++count);
  // What a process of the same number left behind when it was killed.
  Must(db_->Execute("DROP DATABASE IF EXISTS " + target_.database));
  Must(db_->Execute("CREATE DATABASE " + target_.database + " CHARACTER SET utf8mb4"));
  Must(db_->Execute("USE " + target_.database));
}

MysqlTestDatabase::~MysqlTestDatabase() {
  Status status = db_->Execute("DROP DATABASE IF EXISTS " + target_.database);
  if (!status.ok()) {  // A test may have cut the connection.
    status = db_->Connect();
    if (status.ok()) status = db_->Execute("DROP DATABASE IF EXISTS " + target_.database);
  }
  if (!status.ok()) fmt::print(stderr, "{} stays: {}\n", target_.database, status.message());
}

void MysqlTestDatabase::Migrate() {
  const Result<int64_t> applied = MigrateMysql(*db_, 0);
  if (!applied.has_value()) throw std::runtime_error(applied.error().message());
}

}  // namespace tymbal::testing
