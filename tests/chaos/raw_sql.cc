#include "chaos/raw_sql.h"

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

namespace tymbal::chaos {
namespace {

constexpr int kTimeoutS = 3;

}  // namespace

RawSql::RawSql(const Target& target) {
  static sql::Driver* const driver = sql::mysql::get_driver_instance();
  sql::ConnectOptionsMap options;
  options["hostName"] = sql::SQLString("tcp://127.0.0.1");
  options["port"] = static_cast<int>(target.port);
  options["userName"] = sql::SQLString(target.user);
  options["password"] = sql::SQLString("");
  options["schema"] = sql::SQLString(target.database);
  options["OPT_CONNECT_TIMEOUT"] = kTimeoutS;
  options["OPT_READ_TIMEOUT"] = kTimeoutS * 10;
  options["OPT_WRITE_TIMEOUT"] = kTimeoutS;
  connection_.reset(driver->connect(options));
  Execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
}

RawSql::~RawSql() {
  try {
    connection_.reset();
  } catch (const sql::SQLException&) {  // The server may be gone.
  }
}

void RawSql::Execute(const std::string& text) {
  const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
  statement->execute(text);
}

std::vector<std::vector<std::string>> RawSql::Query(const std::string& text) {
  const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
  const std::unique_ptr<sql::ResultSet> rows(statement->executeQuery(text));
  const uint32_t columns = rows->getMetaData()->getColumnCount();
  std::vector<std::vector<std::string>> found;
  while (rows->next()) {
    std::vector<std::string>& row = found.emplace_back();
    for (uint32_t i = 1; i <= columns; ++i) {
      row.push_back(rows->isNull(i) ? "NULL" : rows->getString(i).asStdString());
    }
  }
  return found;
}

void RawSql::ConnectorCommit() { connection_->commit(); }

}  // namespace tymbal::chaos
