#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chaos/raw_sql.h"
#include "chaos/stop_flag.h"
#include "common/result_store.h"

namespace tymbal::chaos {

/// How a fragment is committed.
enum class Variant : uint8_t {
  kAdapter,  ///< By the store under test.
  kSound,    ///< As the store should, in the broken ones' code: shows that the rest of it is good.
  kNoCheck,  ///< Without looking into the ledger.
  kPlainRead,        ///< Looks, without FOR UPDATE.
  kAdditive,         ///< Doesn't look, and adds to what is there.
  kConnectorCommit,  ///< Sound but for the connector's commit(), which hides that it failed.
};
std::string_view VariantName(Variant variant);
std::optional<Variant> ParseVariant(std::string_view name);

/// A writer whose commit is one of the variants: the negative controls of the chaos test.
/// Thread: confined to one; `stop` must outlive it.
class VariantWriter {
 public:
  VariantWriter(Variant variant, RawSql::Target target, StopFlag& stop)
      : variant_(variant), target_(std::move(target)), stop_(stop) {}

  /// As ResultStore::CommitFragment.
  Result<CommitOutcome> CommitFragment(const FragmentCommit& commit, int64_t period_start_ms);

 private:
  Result<CommitOutcome> Once(const FragmentCommit& commit, int64_t period_start_ms);
  void WriteRows(const FragmentCommit& commit, int64_t period_start_ms,
                 const std::vector<StatRow>& rows);

  Variant variant_;
  RawSql::Target target_;
  StopFlag& stop_;
  std::unique_ptr<RawSql> sql_;
};

}  // namespace tymbal::chaos
