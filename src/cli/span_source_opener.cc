#include "cli/span_source_opener.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/search_opener.h"
#include "worker/file_pattern.h"
#include "worker/file_source.h"
#include "worker/slot_counts.h"

namespace tymbal::cli {
namespace {

using OpenedSource = Result<std::unique_ptr<worker::SpanSource>>;

worker::SourceOpener FileOpener(const RunSettings& settings) {
  return [pattern = settings.config.source_file_path,
          profile = settings.profile](const Period& period) -> OpenedSource {
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                            worker::FindFiles(pattern, period));
    TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<worker::SpanSource> source,
                            worker::FileSource::Create({.paths = paths, .profile = profile}));
    return source;
  };
}

/// Balance is worth a few seconds of waiting, no more.
worker::SearchSourceOptions HurriedOptions(worker::SearchSourceOptions options) {
  options.client.deadline = std::min(options.client.deadline, std::chrono::milliseconds(10'000));
  options.client.patience = std::min(options.client.patience, std::chrono::milliseconds(5'000));
  return options;
}

}  // namespace

Result<SpanPlace> FindSpans(const RunSettings& settings, const Environment& environment) {
  SpanPlace place;
  if (settings.config.source_type == "file") {
    if (settings.config.source_file_path.empty()) {
      return InvalidArgument(
          "source.file.path: must name the span files; or take --source elasticsearch --hosts URL");
    }
    place.open = FileOpener(settings);
    return place;
  }
  TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<SearchOpener> opener,
                          SearchOpener::Create(settings.config, settings.profile, environment));
  const std::shared_ptr<SearchOpener> shared = std::move(opener);  // Functions are copied about.
  place.open = [shared](const Period& /*period*/) -> OpenedSource {
    return std::unique_ptr<worker::SpanSource>(shared->OpenSource());
  };
  place.on_nodes = [shared](uint32_t nodes) { shared->set_nodes(nodes); };
  place.count_slots = [shared](const Period& period, uint32_t slots,
                               const std::atomic<bool>* cancel) {
    return worker::CountSlots(HurriedOptions(shared->options()), period, slots, cancel);
  };
  return place;
}

}  // namespace tymbal::cli
