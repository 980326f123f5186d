#include "chaos/checker.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "chaos/oracle.h"

namespace tymbal::chaos {
namespace {

using FragmentKey = std::pair<int64_t, int32_t>;  // run, fragment_no

struct StoredRow {
  int64_t token = 0;
  int64_t period_start_ms = 0;
  uint64_t endpoint_id = 0;
  uint64_t calls = 0;
  uint64_t errors = 0;
  uint64_t duration_sum_us = 0;
  std::string mark;
};

struct StoredFragment {
  int64_t token = 0;
  bool done = false;
  uint64_t result_rows = 0;
  std::vector<int64_t> commit_tokens;  // Of the transactions that marked it done.
  std::vector<StoredRow> rows;
};

struct StoredRun {
  Oracle oracle;
  std::string state;
};

struct Stored {
  std::map<int64_t, StoredRun> runs;
  std::map<FragmentKey, StoredFragment> fragments;
};

int64_t Int(const std::string& text) { return text == "NULL" ? 0 : std::stoll(text); }
uint64_t Count(const std::string& text) { return text == "NULL" ? 0 : std::stoull(text); }
FragmentKey KeyOf(const std::vector<std::string>& row) {
  return {Int(row[0]), static_cast<int32_t>(Int(row[1]))};
}

Oracle OracleOf(int64_t period_start_ms, int64_t attempt, int32_t fragments) {
  return {.period = {period_start_ms, period_start_ms + kPeriodMs},
          .attempt = static_cast<int32_t>(attempt),
          .fragments = fragments};
}

Stored Read(RawSql& sql, int32_t fragments_per_run) {
  Stored stored;
  for (const auto& row : sql.Query("SELECT run_id, period_start, attempt, state FROM run")) {
    stored.runs[Int(row[0])] = {OracleOf(Int(row[1]), Int(row[2]), fragments_per_run), row[3]};
  }
  for (const auto& row :
       sql.Query("SELECT run_id, fragment_no, token, state, result_rows FROM fragment")) {
    StoredFragment& fragment = stored.fragments[KeyOf(row)];
    fragment.token = Int(row[2]);
    fragment.done = row[3] == "done";
    fragment.result_rows = Count(row[4]);
  }
  for (const auto& row : sql.Query("SELECT run_id, fragment_no, token FROM chaos_commit")) {
    stored.fragments[KeyOf(row)].commit_tokens.push_back(Int(row[2]));
  }
  for (const auto& row :
       sql.Query("SELECT run_id, fragment_no, token, period_start, endpoint_id, calls, errors,"
                 " duration_sum_us, histogram FROM endpoint_stat WHERE fragment_no IS NOT NULL"
                 " ORDER BY endpoint_id")) {
    stored.fragments[KeyOf(row)].rows.push_back({Int(row[2]), Int(row[3]), Count(row[4]),
                                                 Count(row[5]), Count(row[6]), Count(row[7]),
                                                 row[8]});
  }
  return stored;
}

void CheckNumbers(const FragmentKey& key, const StoredFragment& fragment, const Oracle& oracle,
                  History* history) {
  const std::vector<StatRow> expected = oracle.Rows(key.second, "");
  const auto report = [&](const std::string& what) {
    history->AddViolation(Violation::kWrongNumbers,
                          fmt::format("run {} fragment {}: {}", key.first, key.second, what));
  };
  if (fragment.rows.size() != expected.size() || fragment.result_rows != expected.size()) {
    report(fmt::format("{} rows, the ledger says {}, expected {}", fragment.rows.size(),
                       fragment.result_rows, expected.size()));
    return;
  }
  for (size_t i = 0; i < expected.size(); ++i) {
    const StoredRow& row = fragment.rows[i];
    const EndpointStat& stat = expected[i].stat;
    if (row.endpoint_id != expected[i].endpoint_id || row.calls != stat.calls ||
        row.errors != stat.errors || row.duration_sum_us != stat.duration_sum_us ||
        row.period_start_ms != oracle.period.start_ms) {
      report(fmt::format("endpoint {}: {} calls, expected {}", row.endpoint_id, row.calls,
                         stat.calls));
      return;
    }
  }
}

void CheckFragment(const FragmentKey& key, const StoredFragment& fragment, const StoredRun& run,
                   const std::set<std::string>& refused, History* history) {
  const std::string name = fmt::format("run {} fragment {}", key.first, key.second);
  if (fragment.commit_tokens.size() > 1) {
    history->AddViolation(Violation::kCommittedTwice,
                          fmt::format("{}: committed by the tokens {}, the ledger has {}", name,
                                      fmt::join(fragment.commit_tokens, ", "), fragment.token));
  }
  if (!fragment.done) {
    if (!fragment.rows.empty()) {
      history->AddViolation(Violation::kForeignRows, name + ": not done, but has rows");
    }
    if (run.state == "published" || run.state == "superseded") {
      history->AddViolation(Violation::kHalfPublished, name + ": not done, but published");
    }
    return;
  }
  CheckNumbers(key, fragment, run.oracle, history);
  std::set<std::string> marks;
  for (const StoredRow& row : fragment.rows) {
    marks.insert(row.mark);
    if (row.token != fragment.token) {
      history->AddViolation(
          Violation::kForeignRows,
          fmt::format("{}: a row of token {}, the ledger has {}", name, row.token, fragment.token));
      break;
    }
  }
  if (marks.size() > 1) {
    history->AddViolation(Violation::kForeignRows, name + ": rows of several attempts");
  }
  for (const std::string& mark : marks) {
    if (refused.count(mark) > 0) {
      history->AddViolation(Violation::kForeignRows,
                            fmt::format("{}: rows of attempt {}, which was fenced", name, mark));
    }
  }
}

/// What the writers were told against what the ledger says.
void CheckAnswers(const Stored& stored, History* history) {
  std::map<FragmentKey, int> told;
  for (const CommitCall& call : history->commits()) {
    if (!call.committed && !call.already_committed) continue;
    const FragmentKey key = {call.run.value, call.fragment_no};
    const std::string name = fmt::format("run {} fragment {}", key.first, key.second);
    const auto found = stored.fragments.find(key);
    if (found == stored.fragments.end() || !found->second.done ||
        found->second.token != call.token.value) {
      history->AddViolation(
          Violation::kLostCommit,
          fmt::format("{}: token {} was told that it has committed", name, call.token.value));
    }
    if (call.committed && ++told[key] == 2) {
      history->AddViolation(Violation::kCommittedTwice, name + ": two were told that they did it");
    }
  }
}

void CheckRuns(RawSql& sql, const Stored& stored, History* history) {
  std::map<int64_t, int> published;
  for (const auto& [id, run] : stored.runs) {
    if (run.state == "published") ++published[run.oracle.period.start_ms];
  }
  for (const auto& [start_ms, count] : published) {
    if (count != 1) {
      history->AddViolation(Violation::kHalfPublished,
                            fmt::format("period {} has {} published runs", start_ms, count));
    }
  }
  for (const auto& row :
       sql.Query("SELECT s.run_id, COUNT(*), SUM(s.calls), SUM(s.duration_sum_us) FROM"
                 " endpoint_stat s WHERE s.fragment_no IS NULL GROUP BY s.run_id")) {
    const auto run = stored.runs.find(Int(row[0]));
    const bool counts = run != stored.runs.end() &&
                        (run->second.state == "published" || run->second.state == "superseded");
    const EndpointStat sum = counts ? run->second.oracle.Sum() : EndpointStat();
    if (Int(row[1]) != 1 || Count(row[2]) != sum.calls || Count(row[3]) != sum.duration_sum_us) {
      history->AddViolation(Violation::kWrongNumbers,
                            fmt::format("run {}: the rolled-up row is wrong", row[0]));
    }
  }
  for (const auto& row : sql.Query("SELECT run_id, COUNT(*) FROM slow_call GROUP BY run_id")) {
    const auto run = stored.runs.find(Int(row[0]));
    if (run == stored.runs.end() || run->second.state == "open") continue;
    const int64_t expected = int64_t{run->second.oracle.fragments} * kRowsPerFragment * kSlowCalls;
    if (Int(row[1]) != expected) {
      history->AddViolation(
          Violation::kWrongNumbers,
          fmt::format("run {}: {} slow calls, expected {}", row[0], row[1], expected));
    }
  }
}

/// What must have no row. Each selects one column: what to say.
constexpr std::pair<Violation, const char*> kForbidden[] = {
    {Violation::kBrokenLedger,
     "SELECT CONCAT('epoch ', old_epoch, ' to ', new_epoch) FROM chaos_epoch"
     " WHERE new_epoch <= old_epoch"},
    {Violation::kBrokenLedger,
     "SELECT CONCAT('run ', run_id, ' fragment ', fragment_no, ': token ', old_token, ' to ',"
     " new_token) FROM chaos_token WHERE new_token <= old_token"},
    {Violation::kBrokenLedger,
     "SELECT CONCAT('run ', run_id, ': ', old_state, ' to ', new_state) FROM chaos_run"
     " WHERE (old_state, new_state) NOT IN (('open', 'published'), ('published', 'superseded'))"},
    {Violation::kBrokenLedger,
     "SELECT CONCAT('run ', run_id, ': ', new_state, ' ', COUNT(*), ' times') FROM chaos_run"
     " GROUP BY run_id, new_state HAVING COUNT(*) > 1"},
    {Violation::kForeignRows,
     "SELECT CONCAT('rows of run ', s.run_id, ', which is not there') FROM endpoint_stat s"
     " LEFT JOIN run r ON r.run_id = s.run_id WHERE r.run_id IS NULL"},
};

}  // namespace

void InstallProbes(RawSql& sql) {
  for (const char* statement : {
           "CREATE TABLE chaos_commit (run_id BIGINT, fragment_no INT, token BIGINT) ENGINE=InnoDB",
           "CREATE TABLE chaos_token (run_id BIGINT, fragment_no INT, old_token BIGINT,"
           " new_token BIGINT) ENGINE=InnoDB",
           "CREATE TABLE chaos_epoch (old_epoch BIGINT, new_epoch BIGINT) ENGINE=InnoDB",
           "CREATE TABLE chaos_run (run_id BIGINT, old_state VARCHAR(20), new_state VARCHAR(20))"
           " ENGINE=InnoDB",
           "CREATE TRIGGER chaos_commit AFTER UPDATE ON fragment FOR EACH ROW"
           " INSERT INTO chaos_commit SELECT NEW.run_id, NEW.fragment_no, NEW.token FROM DUAL"
           " WHERE NEW.state = 'done'",
           "CREATE TRIGGER chaos_token AFTER UPDATE ON fragment FOR EACH ROW"
           " INSERT INTO chaos_token SELECT NEW.run_id, NEW.fragment_no, OLD.token, NEW.token"
           " FROM DUAL WHERE NEW.token <> OLD.token",
           "CREATE TRIGGER chaos_epoch AFTER UPDATE ON cluster FOR EACH ROW"
           " INSERT INTO chaos_epoch SELECT OLD.epoch, NEW.epoch FROM DUAL"
           " WHERE NEW.epoch <> OLD.epoch",
           "CREATE TRIGGER chaos_run AFTER UPDATE ON run FOR EACH ROW"
           " INSERT INTO chaos_run SELECT NEW.run_id, OLD.state, NEW.state FROM DUAL"
           " WHERE NEW.state <> OLD.state",
       }) {
    sql.Execute(statement);
  }
}

void CheckLedger(RawSql& sql, int32_t fragments_per_run, History* history) {
  const Stored stored = Read(sql, fragments_per_run);
  std::set<std::string> refused;
  for (const CommitCall& call : history->commits()) {
    if (call.code == StatusCode::kFenced) refused.insert(call.mark);
  }
  for (const auto& [key, fragment] : stored.fragments) {
    const auto run = stored.runs.find(key.first);
    if (run == stored.runs.end()) {
      history->AddViolation(Violation::kBrokenLedger, "a fragment without its run");
      continue;
    }
    CheckFragment(key, fragment, run->second, refused, history);
  }
  CheckAnswers(stored, history);
  CheckRuns(sql, stored, history);
  for (const auto& [violation, query] : kForbidden) {
    for (const auto& row : sql.Query(query)) history->AddViolation(violation, row[0]);
  }
  CheckShown(sql, fragments_per_run, history);
}

void CheckShown(RawSql& sql, int32_t fragments_per_run, History* history) {
  for (const auto& row :
       sql.Query("SELECT v.run_id, r.period_start, r.attempt, COUNT(*), SUM(v.calls),"
                 " SUM(v.errors), SUM(v.duration_sum_us) FROM report_method v"
                 " JOIN run r ON r.run_id = v.run_id"
                 " GROUP BY v.run_id, r.period_start, r.attempt")) {
    const EndpointStat sum = OracleOf(Int(row[1]), Int(row[2]), fragments_per_run).Sum();
    if (Int(row[3]) != int64_t{fragments_per_run} * kRowsPerFragment ||
        Count(row[4]) != sum.calls || Count(row[5]) != sum.errors ||
        Count(row[6]) != sum.duration_sum_us) {
      history->AddViolation(Violation::kHalfPublished,
                            fmt::format("reports show {} rows and {} calls of run {}, expected {}",
                                        row[3], row[4], row[0], sum.calls));
    }
  }
}

}  // namespace tymbal::chaos
