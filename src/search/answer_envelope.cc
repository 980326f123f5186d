#include "search/answer_envelope.h"

#include <fmt/format.h>

namespace tymbal::search {

Status CheckWhole(const AnswerEnvelope& envelope) {
  const auto reason = [&envelope](std::string text) {
    if (!envelope.first_failure.empty()) text += ": " + envelope.first_failure;
    return text;
  };
  if (envelope.timed_out) return Unavailable(reason("the search timed out on the server"));
  if (!envelope.has_shards) return Unavailable("the answer doesn't say how many shards took part");
  if (envelope.shards_failed > 0 || envelope.shards_successful != envelope.shards_total) {
    return Unavailable(reason(fmt::format(
        "only {} of {} shards answered, {} failed; a node may be down, see GET _cat/shards",
        envelope.shards_successful, envelope.shards_total, envelope.shards_failed)));
  }
  if (envelope.clusters_skipped > 0 || envelope.clusters_partial > 0) {
    return Unavailable(reason(fmt::format("{} remote clusters were skipped, {} answered in part",
                                          envelope.clusters_skipped, envelope.clusters_partial)));
  }
  return Status::Ok();
}

}  // namespace tymbal::search
