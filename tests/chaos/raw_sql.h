#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sql {
class Connection;
}

namespace tymbal::chaos {

/// A connection that shares nothing with the adapter under test: what it says about the database,
/// and what the broken writers do to it, must not depend on that. All throw sql::SQLException.
/// Thread: confined to one.
class RawSql {
 public:
  struct Target {
    uint16_t port = 0;
    std::string user;
    std::string database;
  };
  explicit RawSql(const Target& target);
  ~RawSql();

  void Execute(const std::string& text);
  /// Returns all values as text; NULL is "NULL".
  std::vector<std::vector<std::string>> Query(const std::string& text);
  /// The connector's own, which hides whether it has worked.
  void ConnectorCommit();

 private:
  std::unique_ptr<sql::Connection> connection_;
};

}  // namespace tymbal::chaos
