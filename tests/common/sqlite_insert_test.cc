#include "common/sqlite_insert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

/// Adds the numbers [0, count), each with its square.
Status InsertSquares(SqliteInsert* insert, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    TYMBAL_RETURN_IF_ERROR(insert->Add([i](SqliteStatement* values, int first) {
      values->BindInt(first, i);
      values->BindInt(first + 1, i * i);
    }));
  }
  return Status::Ok();
}

class SqliteInsertTest : public ::testing::Test {
 protected:
  SqliteInsertTest()
      : path_(::testing::TempDir() + "insert_" +
              ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db") {
    std::filesystem::remove(path_);
    db_ = Take(SqliteDb::Open(path_, SqliteDb::Mode::kCreate));
    Expect(db_->Execute("CREATE TABLE square (number INTEGER PRIMARY KEY, square INTEGER)"));
  }
  ~SqliteInsertTest() override { std::filesystem::remove(path_); }

  SqliteInsert Insert(int64_t rows) {
    return Take(
        SqliteInsert::Create(*db_, "square (number, square)", 2, static_cast<size_t>(rows)));
  }

  std::string path_;
  std::unique_ptr<SqliteDb> db_;
};

TEST_F(SqliteInsertTest, InsertsEveryRowOnceHoweverManyThereAre) {
  for (const int64_t count : {0, 1, 63, 64, 65, 127, 128, 200}) {
    Expect(db_->Execute("DELETE FROM square"));
    SqliteInsert insert = Insert(count);
    Expect(InsertSquares(&insert, count));
    insert.Finish();
    EXPECT_EQ(insert.inserted(), static_cast<size_t>(count));
    EXPECT_EQ(Take(db_->QueryInt("SELECT count(*) FROM square WHERE square = number * number")),
              count);
    EXPECT_EQ(Take(db_->QueryInt("SELECT total(number) FROM square")), count * (count - 1) / 2);
  }
}

TEST_F(SqliteInsertTest, TellsWhichRowWasRefused) {
  for (const int64_t refused : {0, 1, 63, 64, 100, 128, 130}) {
    Expect(db_->Execute("DELETE FROM square"));
    Expect(db_->Execute("INSERT INTO square VALUES (" + std::to_string(refused) + ", 0)"));
    SqliteInsert insert = Insert(131);
    EXPECT_EQ(InsertSquares(&insert, 131).code(), StatusCode::kInternal);
    EXPECT_EQ(insert.inserted(), static_cast<size_t>(refused));
  }
}

}  // namespace
}  // namespace tymbal::testing
