#include "cli/span_source_opener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/search_opener.h"
#include "worker/file_pattern.h"
#include "worker/file_source.h"

namespace tymbal::cli {
namespace {

using OpenedSource = Result<std::unique_ptr<worker::SpanSource>>;

worker::SourceOpener FileOpener(const RunSettings& settings) {
  return [pattern = settings.config.source_file_path, profile = settings.profile](
             const Period& period, uint32_t /*nodes*/) -> OpenedSource {
    TYMBAL_ASSIGN_OR_RETURN(const std::vector<std::string> paths,
                            worker::FindFiles(pattern, period));
    TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<worker::SpanSource> source,
                            worker::FileSource::Create({.paths = paths, .profile = profile}));
    return source;
  };
}

}  // namespace

Result<worker::SourceOpener> MakeSourceOpener(const RunSettings& settings,
                                              const Environment& environment) {
  if (settings.config.source_type == "file") {
    if (settings.config.source_file_path.empty()) {
      return InvalidArgument(
          "source.file.path: must name the span files; or take --source elasticsearch --hosts URL");
    }
    return FileOpener(settings);
  }
  TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<SearchOpener> opener,
                          SearchOpener::Create(settings.config, settings.profile, environment));
  // A SourceOpener is copied about; all copies share the limits on requests.
  return worker::SourceOpener([shared = std::shared_ptr<SearchOpener>(std::move(opener))](
                                  const Period& /*period*/, uint32_t nodes) -> OpenedSource {
    shared->set_nodes(nodes);
    return std::unique_ptr<worker::SpanSource>(shared->OpenSource());
  });
}

}  // namespace tymbal::cli
