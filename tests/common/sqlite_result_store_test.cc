// What is special to the SQLite store; what all stores must do is in tests/contract/.

#include "common/sqlite_result_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "common/sql_migrations.h"
#include "common/sqlite_db.h"
#include "common/sqlite_schema.h"
#include "common/sqlite_schema_admin.h"
#include "contract/result_store_contract.h"

namespace tymbal::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kNowMs = 1'700'000'000'123;
constexpr uid_t kNobody = 65534;

std::string Contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void Write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class SqliteStore : public ::testing::Test {
 protected:
  SqliteStore() {
    std::string folder = ::testing::TempDir() + "tymbal-sqlite-XXXXXX";
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    path_ = folder_ / "store.db";
  }
  ~SqliteStore() override { fs::remove_all(folder_); }

  static Result<std::unique_ptr<SqliteResultStore>> Open(SqliteOptions options) {
    if (options.now == nullptr) options.now = [] { return kNowMs; };
    return SqliteResultStore::Open(options);
  }
  std::unique_ptr<SqliteResultStore> Create() {
    return Take(Open({.path = path_, .create = true, .now = nullptr}));
  }
  /// Returns the error of opening `path`.
  static Status OpenError(const fs::path& path, bool create = false, bool read_only = false) {
    const auto opened =
        Open({.path = path, .create = create, .read_only = read_only, .now = nullptr});
    return opened.has_value() ? Status::Ok() : opened.error();
  }
  /// Runs SQL as another program would.
  static void Sql(const fs::path& path, const std::string& sql) {
    Expect(Take(SqliteDb::Open(path, SqliteDb::Mode::kCreate))->Execute(sql));
  }
  /// Returns the rows of a query, columns separated by |.
  std::vector<std::string> Query(const std::string& sql) {
    const std::unique_ptr<SqliteDb> db = Take(SqliteDb::Open(path_, SqliteDb::Mode::kReadOnly));
    SqliteStatement select = Take(db->Prepare(sql));
    std::vector<std::string> rows;
    while (Take(select.Step())) rows.push_back(select.String(0));
    return rows;
  }
  std::vector<std::string> ColumnsOf(const std::string& view) {
    return Query(fmt::format("SELECT name FROM pragma_table_info('{}')", view));
  }

  /// Runs `body` in a child process and returns how that ended.
  template <typename Body>
  static int InChild(Body body) {
    const pid_t child = fork();
    if (child == 0) {
      int code = 99;
      try {
        code = body();
      } catch (const std::exception& error) {
        fmt::print(stderr, "{}\n", error.what());
      }
      _exit(code);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  fs::path folder_;
  fs::path path_;
};

std::vector<StatRow> ManyRows(int count, size_t histogram_bytes) {
  std::vector<StatRow> rows;
  for (int i = 0; i < count; ++i) {
    rows.push_back(MakeMethodRow({"app", "service", fmt::format("method{}", i)}));
    rows.back().stat.histogram.assign(histogram_bytes, 'h');
  }
  return Sorted(std::move(rows));
}

Result<CommitOutcome> Commit(SqliteResultStore& store, const RunRecord& run,
                             const std::vector<StatRow>& rows) {
  FragmentCommit commit;
  commit.run = run.id;
  commit.token = run.fragments[0].token;
  commit.rows = &rows;
  return store.CommitFragment(commit);
}

// --- Opening

TEST_F(SqliteStore, SaysThatThereIsNoStore) {
  for (const bool read_only : {false, true}) {
    const Status status = OpenError(path_, false, read_only);
    EXPECT_EQ(status.code(), StatusCode::kNotFound);
    EXPECT_EQ(status.message(),
              fmt::format("no store at {}; run `tymbal run` first", path_.string()));
  }
  EXPECT_FALSE(fs::exists(path_)) << "and made none";
}

TEST_F(SqliteStore, SaysThatThePathIsAFolder) {
  for (const bool create : {false, true}) {
    const Status status = OpenError(folder_, create);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("is a folder"));
  }
}

TEST_F(SqliteStore, SaysThatTheFolderIsMissing) {
  const Status status = OpenError(folder_ / "missing" / "store.db", true);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr((folder_ / "missing").string() + " of"));
  EXPECT_FALSE(fs::exists(folder_ / "missing"));
  EXPECT_EQ(OpenError("", true).code(), StatusCode::kInvalidArgument);
  Write(path_, "a file");
  EXPECT_EQ(OpenError(path_ / "store.db", true).code(), StatusCode::kInvalidArgument);
}

TEST_F(SqliteStore, OpensARelativePathAndNamesThatMeanSomethingToSqlite) {
  EXPECT_EQ(InChild([this] {
              if (chdir(folder_.c_str()) != 0) return 1;
              for (const char* name : {"plain.db", ":memory:", "file:x?mode=memory"}) {
                Expect(OpenError(name, true));
                if (!fs::exists(folder_ / name)) return 2;
              }
              return 0;
            }),
            0);
}

TEST_F(SqliteStore, MakesAStoreOfAnEmptyFileOnlyWhenAsked) {
  Write(path_, "");
  EXPECT_EQ(OpenError(path_).code(), StatusCode::kNotFound);
  EXPECT_EQ(fs::file_size(path_), 0U);
  Expect(OpenError(path_, true));
  Expect(OpenError(path_));
}

TEST_F(SqliteStore, LeavesAFileThatIsNoSqliteFileAsItIs) {
  const std::vector<std::string> contents = {"{\"app\":\"web\"}\n", std::string(5'000, '\0'),
                                             std::string("SQLite format 3\0", 16),
                                             "SQLite format 3" + std::string(4'096, '\0')};
  for (const std::string& bytes : contents) {
    Write(path_, bytes);
    for (const bool create : {false, true}) {
      const Status status = OpenError(path_, create);
      EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
      EXPECT_THAT(status.message(), HasSubstr("is not a Tymbal store"));
      EXPECT_EQ(Contents(path_), bytes);
    }
  }
}

TEST_F(SqliteStore, LeavesTheDatabaseOfAnotherProgramAsItIs) {
  Sql(path_, "CREATE TABLE run (run_id INTEGER); INSERT INTO run VALUES (1)");
  const std::string before = Contents(path_);
  for (const bool create : {false, true}) {
    const Status status = OpenError(path_, create);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("is not a Tymbal store"));
  }
  EXPECT_EQ(Contents(path_), before);
}

TEST_F(SqliteStore, LeavesTheLogOfAnotherProgramAsItIs) {
  // The other program was killed: its log waits for recovery, which is not ours to do.
  EXPECT_TRUE(WIFSIGNALED(InChild([this] {
    const std::unique_ptr<SqliteDb> db = Take(SqliteDb::Open(path_, SqliteDb::Mode::kCreate));
    Expect(db->UseWriteAheadLog());
    Expect(db->Execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)"));
    return raise(SIGKILL);
  })));
  const fs::path log = path_.string() + "-wal";
  const std::string file_before = Contents(path_);
  const std::string log_before = Contents(log);
  ASSERT_FALSE(log_before.empty());
  EXPECT_EQ(OpenError(path_, true).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Contents(path_), file_before);
  EXPECT_EQ(Contents(log), log_before);
}

TEST_F(SqliteStore, RefusesAStoreOfANewerTymbal) {
  Create();
  Sql(path_, "PRAGMA user_version = 1000; CREATE TABLE from_the_future (a)");
  for (const bool create : {false, true}) {
    const Status status = OpenError(path_, create);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr("written by a newer Tymbal"));
  }
  EXPECT_THAT(Query("PRAGMA user_version"), ElementsAre("1000"));
}

TEST_F(SqliteStore, StaysOneStoreForOthersWhenAProcessOpensItTwice) {
  const auto first = Create();
  Take(first->TakeEpoch(NodeId{"n"}));
  const auto second = Create();  // Looking into the file must not give up the locks of the first.
  const std::string other =
      fmt::format("sqlite3 '{}' 'UPDATE cluster SET epoch = epoch + 1'", path_.string());
  for (int64_t epoch = 2; epoch <= 6; epoch += 2) {
    // A program of its own, that is: the last one to leave a store takes its log away.
    ASSERT_EQ(std::system(other.c_str()), 0);
    EXPECT_TRUE(fs::exists(path_.string() + "-wal")) << "others believe that nobody uses the store";
    EXPECT_EQ(Take(first->TakeEpoch(NodeId{"n"})).value, epoch + 1);
  }
}

TEST_F(SqliteStore, BringsAnOlderSchemaUpToDateWithItsData) {
  Create();
  Sql(path_,
      "DROP TABLE job; DROP TABLE top_method; PRAGMA user_version = 1;"
      " UPDATE cluster SET epoch = 41");
  EXPECT_EQ(OpenError(path_).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(*MakeSqliteSchemaAdmin(path_.string())->Migrate(0), 2);
  EXPECT_THAT(Query("SELECT epoch FROM cluster"), ElementsAre("41"));
  EXPECT_THAT(Query("SELECT count(*) FROM job"), ElementsAre("0"));
}

TEST_F(SqliteStore, ReportsRunsOfAnOlderTymbalAmongRankedOnes) {
  std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const auto publish = [&](Period period) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan(period)));
    const std::vector<StatRow> rows = Sorted({Method("a", 1), Method("b", 2)});
    Take(Commit(*store, run, rows));
    Expect(store->PublishRun(epoch, run.id, {.ranking = RankingOf(rows)}));
  };
  const auto methods = [&store] { return ReportedMethods(*store); };
  publish(kHour0);
  store.reset();
  Sql(path_, "DROP TABLE top_method; PRAGMA user_version = 2");
  store = Create();
  EXPECT_EQ(methods(), "babbaa");
  publish(kHour1);
  EXPECT_EQ(methods(), "bbaabbbbaaaa");
  Sql(path_, "DELETE FROM top_method WHERE rank = 2");
  EXPECT_EQ(methods(), "bbabbbbaa") << "else the ranked methods are not what is read";
}

TEST_F(SqliteStore, SaysThatAnOldSchemaNeedsMigration) {
  Sql(path_, fmt::format("PRAGMA application_id = {}; CREATE TABLE interrupted (a)",
                         kSqliteApplicationId));
  const Status status = OpenError(path_);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("tymbal schema migrate"));
  Expect(OpenError(path_, true));
  Expect(OpenError(path_));
}

TEST_F(SqliteStore, SaysThatADamagedStoreIsDamaged) {
  Create()->TakeEpoch(NodeId{"n1"}).value();
  std::string bytes = Contents(path_);
  for (size_t i = 100; i < bytes.size(); ++i) bytes[i] = 'x';
  Write(path_, bytes);
  const auto opened = Open({.path = path_, .now = nullptr});
  const Status status = opened ? (*opened)->TakeEpoch(NodeId{"n1"}).error() : opened.error();
  EXPECT_EQ(status.code(), StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("damaged or not a Tymbal store"));
}

TEST_F(SqliteStore, IsMadeOnceWhenManyMakeItAtTheSameTime) {
  std::vector<std::thread> threads;
  std::vector<Status> statuses(4);
  for (Status& status : statuses) {
    threads.emplace_back([this, &status] { status = OpenError(path_, true); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Status& status : statuses) EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_THAT(Query("SELECT count(*) FROM cluster"), ElementsAre("1"));
}

TEST_F(SqliteStore, EmbedsTheMigrationsAsTheyStandInTheRepository) {
  const std::span<const Migration> migrations = SqliteMigrations();
  ASSERT_FALSE(migrations.empty());
  int expected = 0;
  for (const Migration& migration : migrations) EXPECT_EQ(migration.number, ++expected);
#ifdef TYMBAL_SOURCE_DIR
  for (const Migration& migration : migrations) {
    const fs::path folder = fs::path(TYMBAL_SOURCE_DIR) / "sql" / "sqlite";
    EXPECT_EQ(Contents(folder / (std::string(migration.name) + ".sql")), migration.sql);
  }
#endif
}

// --- Rights

TEST_F(SqliteStore, WritesNothingWhenOpenedToRead) {
  const std::unique_ptr<SqliteResultStore> writer = Create();
  const Epoch epoch = Take(writer->TakeEpoch(NodeId{"n1"}));
  const std::unique_ptr<SqliteResultStore> reader =
      Take(Open({.path = path_, .read_only = true, .now = nullptr}));
  const Result<Epoch> refused = reader->TakeEpoch(NodeId{"n2"});
  ASSERT_EQ(CodeOf(refused), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.error().message(), HasSubstr(path_.string()));
  EXPECT_EQ(CodeOf(reader->PlanRun(epoch, MakePlan(kHour0))), StatusCode::kInvalidArgument);
  EXPECT_THAT(Take(reader->ReadPeriods(INT64_MIN, INT64_MAX)), IsEmpty());
}

TEST_F(SqliteStore, NamesThePathAndTheCureWhenTheUserHasNoRight) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody without rights";
  Create();
  const auto error_as_nobody = [this](bool create, bool read_only) {
    return InChild([&] {
      if (setgid(kNobody) != 0 || setuid(kNobody) != 0) return 1;
      const Status status = OpenError(path_, create, read_only);
      if (status.ok()) return 2;
      if (status.code() != StatusCode::kInvalidArgument) return 3;
      if (status.message().find(path_.string()) == std::string::npos) return 4;
      return status.message().find("needs the right") == std::string::npos ? 5 : 0;
    });
  };
  fs::permissions(folder_, fs::perms(0755));
  fs::permissions(path_, fs::perms(0644));
  EXPECT_EQ(error_as_nobody(false, false), 0) << "may not write to the file";
  EXPECT_EQ(error_as_nobody(true, false), 0);
  EXPECT_EQ(error_as_nobody(false, true), 0) << "may not write to the folder";
  fs::permissions(path_, fs::perms(0600));
  EXPECT_EQ(error_as_nobody(false, true), 0) << "may not read the file";
  fs::remove(path_);
  EXPECT_EQ(error_as_nobody(true, false), 0) << "may not make the file";
}

// --- Faults

TEST_F(SqliteStore, TakesAFullDiskAsALimitAndKeepsNothingHalf) {
  std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  store.reset();  // A connection must not be carried into a child.
  const std::vector<StatRow> rows = ManyRows(2'000, 2'000);  // About 4 MB.
  EXPECT_EQ(InChild([&] {
              const auto own = Take(Open({.path = path_, .now = nullptr}));
              const rlimit limit = {1 << 20, 1 << 20};
              std::signal(SIGXFSZ, SIG_IGN);
              if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
              const Result<CommitOutcome> result = Commit(*own, run, rows);
              if (CodeOf(result) != StatusCode::kExhausted) return 2;
              const std::string& text = result.error().message();
              if (text.find("disk full") == std::string::npos) return 3;
              if (text.find(path_.string()) == std::string::npos) return 4;
              // The same object goes on: what fits is still written.
              return CodeOf(Commit(*own, run, {rows[0]})) == StatusCode::kOk ? 0 : 5;
            }),
            0);
  store = Create();
  EXPECT_EQ(Take(store->ReadRun(run.id)).fragments[0].rows, 1U);
  EXPECT_THAT(Query("SELECT count(*) FROM endpoint_stat"), ElementsAre("1"));
  EXPECT_THAT(Query("SELECT count(*) FROM slow_call"), ElementsAre("2"));
}

TEST_F(SqliteStore, ShowsNothingOfACommitWhoseProcessWasKilled) {
  std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  store.reset();  // A connection must not be carried into a child.
  // More than the cache holds, so that a part of it has reached the log.
  const std::vector<StatRow> rows = ManyRows(12'000, 4'000);
  const int status = InChild([&] {
    const std::unique_ptr<SqliteDb> db = Take(SqliteDb::Open(path_, SqliteDb::Mode::kReadWrite));
    Expect(db->UseWriteAheadLog());
    SqliteTransaction transaction =
        Take(SqliteTransaction::Begin(*db, SqliteTransaction::Kind::kWrite));
    SqliteStatement insert = Take(db->Prepare(
        "INSERT INTO endpoint_stat SELECT 0, ?, 1, 0, 1, 1, 0, 0, 0, 1, 1.0, 1, 1, 1, 1, 1, 1, 1,"
        " 1, 1, ?"));
    int64_t id = 0;
    for (const StatRow& row : rows) {
      insert.BindInt(1, ++id);
      insert.BindBlob(2, row.stat.histogram);
      Expect(insert.Run());
    }
    return raise(SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  EXPECT_GT(fs::file_size(path_.string() + "-wal"), 1U << 20) << "else the test shows nothing";
  store = Create();
  EXPECT_THAT(Query("SELECT count(*) FROM endpoint_stat"), ElementsAre("0"));
  EXPECT_EQ(Take(Commit(*store, run, {rows[0]})), CommitOutcome::kCommitted);
  Expect(store->PublishRun(epoch, run.id, {}));
  EXPECT_THAT(Query("SELECT count(*) FROM report_method"), ElementsAre("1"));
  EXPECT_THAT(Query("PRAGMA integrity_check"), ElementsAre("ok"));
}

TEST_F(SqliteStore, SurvivesBeingKilledAtAnyWrite) {
  // The clock is read in each transaction between its checks and its commit: there the child dies.
  for (int step = 1; step <= 5; ++step) {
    fs::remove_all(folder_);
    fs::create_directory(folder_);
    Create();
    const int status = InChild([&] {
      int calls = 0;
      const auto store = Take(Open({.path = path_, .now = [&calls, step] {
                                      if (++calls == step) raise(SIGKILL);
                                      return kNowMs;
                                    }}));
      const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
      RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));                        // 1
      run.fragments[0].token = Take(store->HandOver(epoch, run.id, 0, NodeId{"n2"}));       // 2
      Take(Commit(*store, run, ManyRows(10, 10)));                                          // 3
      Expect(store->PublishRun(epoch, run.id, {{MakeRow(Level::kApp, {"app", "", ""})}}));  // 4, 5
      return 1;
    });
    ASSERT_TRUE(WIFSIGNALED(status)) << step;
    const auto store = Take(Open({.path = path_, .now = nullptr}));
    const std::vector<RunRecord> open = Take(store->ReadOpenRuns());
    ASSERT_EQ(open.size(), step > 1 ? 1U : 0U) << step;
    EXPECT_THAT(Take(store->ReadStats({})), IsEmpty());
    EXPECT_THAT(Query("SELECT count(*) FROM endpoint_stat"), ElementsAre(step > 3 ? "10" : "0"));
    if (open.empty()) continue;
    EXPECT_EQ(open[0].fragments[0].token, Token{step > 2 ? 2 : 1});
    EXPECT_EQ(open[0].fragments[0].state,
              step > 3 ? FragmentState::kDone : FragmentState::kAssigned);
    // Whoever comes next goes on.
    const Epoch epoch = Take(store->TakeEpoch(NodeId{"n3"}));
    Take(Commit(*store, open[0], ManyRows(10, 10)));
    Expect(store->PublishRun(epoch, open[0].id, {}));
    EXPECT_EQ(Take(store->ReadStats({})).size(), 10U);
  }
}

TEST_F(SqliteStore, KeepsTheDatabaseItselfFromHoldingTwoPublishedRuns) {
  const std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  for (int i = 0; i < 2; ++i) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
    Take(Commit(*store, run, {}));
    Expect(store->PublishRun(epoch, run.id, {}));
  }
  const std::unique_ptr<SqliteDb> db = Take(SqliteDb::Open(path_, SqliteDb::Mode::kReadWrite));
  const Status status = db->Execute("UPDATE run SET state = 'published'");
  EXPECT_EQ(status.code(), StatusCode::kInternal);
  EXPECT_THAT(status.message(), HasSubstr("UNIQUE"));
}

// --- Views

TEST_F(SqliteStore, ShowsPeopleTextAndTimesInItsViews) {
  const std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const Period period = {1'700'000'000'007, 1'700'000'060'007};
  StatRow row = MakeMethodRow({"支付", "订单", "创建 "}, 4);
  row.slowest = {{row.stat.max_us, 1'700'000'000'999, true, "trace", "span"}};
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const RunRecord run = Take(store->PlanRun(epoch, MakePlan(period)));
    FragmentCommit commit;
    commit.run = run.id;
    commit.token = run.fragments[0].token;
    commit.coverage = {.expected = 12, .read = 11, .rejected = {}};
    commit.coverage.rejected[RejectReason::kWrongSlot] = 3;
    const std::vector<StatRow> rows = {row};
    commit.rows = &rows;
    Take(store->CommitFragment(commit));
    Expect(store->PublishRun(epoch, run.id,
                             {{MakeRow(Level::kService, {"支付", "订单", ""}, 5),
                               MakeRow(Level::kApp, {"支付", "", ""}, 6)}}));
  }
  EXPECT_THAT(Query("SELECT period_start || '|' || app || '|' || service || '|' || method || '|' ||"
                    " typeof(app) || '|' || calls || '|' || errors || '|' || printf('%.6f',"
                    " error_rate) || '|' || printf('%.6f', apdex) || '|' || printf('%.3f', mean_us)"
                    " || '|' || p50_us || '|' || p999_us || '|' || exact || '|' || run_id"
                    " FROM report_method"),
              ElementsAre("2023-11-14 22:13:20.007|支付|订单|创建 |text|104|3|0.028846|0.673077"
                          "|38.462|4|24|1|2"));
  EXPECT_THAT(Query("SELECT app || '|' || service || '|' || calls FROM report_service"),
              ElementsAre("支付|订单|105"));
  EXPECT_THAT(Query("SELECT app || '|' || calls FROM report_app"), ElementsAre("支付|106"));
  EXPECT_THAT(Query("SELECT period_start || '|' || app || '|' || rank || '|' || duration_us || '|'"
                    " || start_time || '|' || error || '|' || trace_id || '|' || span_id || '|' ||"
                    " typeof(trace_id) FROM report_slow_call"),
              ElementsAre("2023-11-14 22:13:20.007|支付|1|40|2023-11-14 22:13:20.999|1|trace|span"
                          "|text"));
  EXPECT_THAT(Query("SELECT period_start || '|' || period_end || '|' || state || '|' || attempt ||"
                    " '|' || spans_expected || '|' || spans_read || '|' || spans_rejected || '|' ||"
                    " unplaced || '|' || calls || '|' || source || '|' || published_at"
                    " FROM report_period"),
              ElementsAre("2023-11-14 22:13:20.007|2023-11-14 22:14:20.007|published|2|12|11|3|7"
                          "|104|spans.ndjson|2023-11-14 22:13:20.123"));
}

TEST_F(SqliteStore, ShowsInItsPeriodViewWhatCountsEvenWhenItIsNotPublished) {
  const std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  const RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  Expect(store->FailRun(epoch, run.id, "no index"));
  Take(store->PlanRun(epoch, MakePlan(kHour1, 2)));
  EXPECT_THAT(Query("SELECT state || '|' || reason || '|' || ifnull(published_at, 'null')"
                    " FROM report_period ORDER BY period_start"),
              ElementsAre("failed|no index|null", "open||null"));
  EXPECT_THAT(Query("SELECT 1 FROM report_method"), IsEmpty());
}

TEST_F(SqliteStore, GivesItsViewsTheColumnsOfTheReports) {
  Create();
  std::vector<std::string> columns = {
      "period_start", "app",    "service",   "method",     "calls",           "errors",
      "error_rate",   "apdex",  "satisfied", "tolerating", "duration_sum_us", "mean_us",
      "min_us",       "p50_us", "p75_us",    "p90_us",     "p95_us",          "p99_us",
      "p999_us",      "max_us", "exact",     "run_id"};
  EXPECT_EQ(ColumnsOf("report_method"), columns);
  columns.erase(columns.begin() + 3);
  EXPECT_EQ(ColumnsOf("report_service"), columns);
  columns.erase(columns.begin() + 2);
  EXPECT_EQ(ColumnsOf("report_app"), columns);
  EXPECT_THAT(ColumnsOf("report_period"),
              ElementsAre("period_start", "period_end", "state", "attempt", "spans_expected",
                          "spans_read", "spans_rejected", "unplaced", "calls", "source", "reason",
                          "run_id", "published_at"));
  EXPECT_THAT(ColumnsOf("report_slow_call"),
              ElementsAre("period_start", "app", "service", "method", "rank", "duration_us",
                          "start_time", "error", "trace_id", "span_id", "run_id"));
}

TEST_F(SqliteStore, MarksEveryRowWithTheFragmentAndTokenThatWroteIt) {
  const std::unique_ptr<SqliteResultStore> store = Create();
  const Epoch epoch = Take(store->TakeEpoch(NodeId{"n1"}));
  RunRecord run = Take(store->PlanRun(epoch, MakePlan(kHour0)));
  run.fragments[0].token = Take(store->HandOver(epoch, run.id, 0, NodeId{"n2"}));
  Take(Commit(*store, run, {MakeMethodRow({"a", "s", "m"})}));
  Expect(store->PublishRun(epoch, run.id, {{MakeRow(Level::kApp, {"a", "", ""})}}));
  EXPECT_THAT(Query("SELECT run_id || '|' || ifnull(fragment_no, '-') || '|' || ifnull(token, '-')"
                    " FROM endpoint_stat ORDER BY token"),
              ElementsAre("1|-|-", "1|0|2"));
}

}  // namespace
}  // namespace tymbal::testing
