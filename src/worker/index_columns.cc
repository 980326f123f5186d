#include "worker/index_columns.h"

#include <fmt/format.h>

namespace tymbal::worker {

using search::IndexField;
using search::IndexSet;

bool IsPlain(const FieldPath& path) { return path.text.find('[') == std::string::npos; }

std::optional<std::string> ColumnOf(const IndexSet& indices, const FieldPath& path, bool text) {
  if (!IsPlain(path)) return std::nullopt;
  const IndexField* const field = indices.Find(path.text);
  if (field != nullptr && field->doc_values && !field->normalized &&
      (!text || field->IsKeyword())) {
    return path.text;
  }
  const std::string sub = path.text + std::string(kKeywordSuffix);
  const IndexField* const keyword = indices.Find(sub);
  if (keyword == nullptr || !keyword->IsKeyword() || !keyword->doc_values || keyword->normalized) {
    return std::nullopt;
  }
  return sub;
}

std::string WhyNoColumn(const IndexSet& indices, const std::string& path) {
  if (!IsPlain({path})) return path + " stands in a list of objects";
  const IndexField* field = indices.Find(path);
  if (field == nullptr) return fmt::format("{} is in no mapping", path);
  if (field->IsText()) {
    field = indices.Find(path + std::string(kKeywordSuffix));
    if (field == nullptr) return fmt::format("{} is mapped as text without a keyword", path);
  }
  if (field->normalized) return fmt::format("a normalizer changes {}", path);
  if (!field->doc_values) return fmt::format("{} has no doc values", path);
  return fmt::format("{} is mapped as {}", path, fmt::join(field->types, " and "));
}

}  // namespace tymbal::worker
