#include "chaos/variant_writer.h"

#include <cppconn/exception.h>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace tymbal::chaos {
namespace {

constexpr int64_t kRetryMs = 6'000;
constexpr int64_t kPauseMs = 50;

constexpr std::array<std::pair<Variant, std::string_view>, 6> kNames = {{
    {Variant::kAdapter, "adapter"},
    {Variant::kSound, "sound"},
    {Variant::kNoCheck, "no-check"},
    {Variant::kPlainRead, "plain-read"},
    {Variant::kAdditive, "additive"},
    {Variant::kConnectorCommit, "connector-commit"},
}};

bool Looks(Variant variant) {
  return variant != Variant::kNoCheck && variant != Variant::kAdditive;
}

}  // namespace

std::string_view VariantName(Variant variant) {
  for (const auto& [known, name] : kNames) {
    if (known == variant) return name;
  }
  return "";
}

std::optional<Variant> ParseVariant(std::string_view name) {
  for (const auto& [variant, known] : kNames) {
    if (known == name) return variant;
  }
  return std::nullopt;
}

Result<CommitOutcome> VariantWriter::CommitFragment(const FragmentCommit& commit,
                                                    int64_t period_start_ms) {
  const int64_t deadline_ms = SteadyMs() + kRetryMs;
  while (true) {
    std::string message;
    try {
      if (sql_ == nullptr) {
        sql_ = std::make_unique<RawSql>(target_);
        sql_->Execute("SET SESSION innodb_lock_wait_timeout=2, wait_timeout=3");
      }
      return Once(commit, period_start_ms);
    } catch (const sql::SQLException& error) {
      message = error.what();
      sql_.reset();
    }
    if (SteadyMs() > deadline_ms || stop_.Wait(kPauseMs)) return Ambiguous(message);
  }
}

Result<CommitOutcome> VariantWriter::Once(const FragmentCommit& commit, int64_t period_start_ms) {
  const std::string where =
      fmt::format("WHERE run_id={} AND fragment_no={}", commit.run.value, commit.fragment_no);
  sql_->Execute("START TRANSACTION");
  if (Looks(variant_)) {
    const auto ledger =
        sql_->Query(fmt::format("SELECT token, state FROM fragment {} {}", where,
                                variant_ == Variant::kPlainRead ? "" : "FOR UPDATE"));
    const bool mine = ledger.at(0).at(0) == fmt::to_string(commit.token.value);
    const bool done = ledger.at(0).at(1) == "done";
    if (!mine || done) {
      sql_->Execute("ROLLBACK");
      if (!mine) return Fenced("another token");
      return CommitOutcome::kAlreadyCommitted;
    }
  }
  std::vector<StatRow> rows;
  TYMBAL_RETURN_IF_ERROR(commit.rows.Visit([&rows](std::span<const StatRow> some) {
    rows.insert(rows.end(), some.begin(), some.end());
    return Status::Ok();
  }));
  WriteRows(commit, period_start_ms, rows);
  sql_->Execute(fmt::format("UPDATE fragment SET state='done', done_ms=1, result_rows={} {}",
                            rows.size(), where));
  if (variant_ == Variant::kConnectorCommit) {
    sql_->ConnectorCommit();
  } else {
    sql_->Execute("COMMIT");
  }
  return CommitOutcome::kCommitted;
}

void VariantWriter::WriteRows(const FragmentCommit& commit, int64_t period_start_ms,
                              const std::vector<StatRow>& rows) {
  std::string ids;
  std::string names;
  std::string stats;
  std::string slow;
  for (const StatRow& row : rows) {
    const EndpointStat& stat = row.stat;
    const char* const comma = ids.empty() ? "" : ",";
    ids += fmt::format("{}{}", comma, row.endpoint_id);
    names += fmt::format("{}({},'method','{}','{}','{}',1)", comma, row.endpoint_id, row.name.app,
                         row.name.service, row.name.method);
    stats += fmt::format("{}({},{},{},{},{},{},{},{},{},{},{},{},{},{},1,'{}')", comma,
                         period_start_ms, row.endpoint_id, commit.run.value, commit.fragment_no,
                         commit.token.value, stat.calls, stat.errors, stat.satisfied,
                         stat.tolerating, stat.duration_sum_us, stat.duration_sumsq, stat.min_us,
                         stat.max_us, fmt::join(stat.percentile_us, ","), stat.histogram);
    for (size_t i = 0; i < row.slowest.size(); ++i) {
      slow += fmt::format("{}({},{},{},{},{},{},0,'','')", slow.empty() ? "" : ",",
                          commit.run.value, row.endpoint_id, i + 1, period_start_ms,
                          row.slowest[i].duration_us, row.slowest[i].start_ms);
    }
  }
  sql_->Execute(
      "INSERT IGNORE INTO endpoint (endpoint_id, level, app, service, method, first_seen) VALUES " +
      names);
  std::string on_duplicate;
  if (variant_ == Variant::kAdditive) {
    on_duplicate =
        " ON DUPLICATE KEY UPDATE calls=calls+VALUES(calls), errors=errors+VALUES(errors),"
        " satisfied=satisfied+VALUES(satisfied), tolerating=tolerating+VALUES(tolerating),"
        " duration_sum_us=duration_sum_us+VALUES(duration_sum_us)";
  } else {
    const std::string where =
        fmt::format("WHERE period_start={} AND run_id={} AND endpoint_id IN ({})", period_start_ms,
                    commit.run.value, ids);
    sql_->Execute("DELETE FROM endpoint_stat " + where);
    sql_->Execute("DELETE FROM slow_call " + where);
  }
  sql_->Execute(
      "INSERT INTO endpoint_stat (period_start, endpoint_id, run_id, fragment_no, token, calls,"
      " errors, satisfied, tolerating, duration_sum_us, duration_sumsq, min_us, max_us, p50_us,"
      " p75_us, p90_us, p95_us, p99_us, p999_us, exact, histogram) VALUES " +
      stats + on_duplicate);
  sql_->Execute(
      "INSERT INTO slow_call (run_id, endpoint_id, `rank`, period_start, duration_us, start_ms,"
      " error, trace_id, span_id) VALUES " +
      slow + (on_duplicate.empty() ? "" : " ON DUPLICATE KEY UPDATE error=0"));
}

}  // namespace tymbal::chaos
