#include "worker/path_tree.h"

#include <string_view>
#include <utility>

namespace tymbal::worker {
namespace {

constexpr size_t kPathsMax = 64;
constexpr size_t kNamesMax = 6;

Status PathError(std::string_view path) {
  return InvalidArgument("'" + std::string(path) +
                         "' is no field path; write for instance duration, process.serviceName or "
                         "tags[key=error].value");
}

/// Splits "a.b" into names. Errors: an empty name, or too many.
Result<std::vector<std::string>> SplitNames(std::string_view text, std::string_view path) {
  std::vector<std::string> names;
  while (true) {
    const size_t dot = text.find('.');
    names.emplace_back(text.substr(0, dot));
    if (names.back().empty() || names.size() > kNamesMax) return PathError(path);
    if (dot == std::string_view::npos) return names;
    text.remove_prefix(dot + 1);
  }
}

Result<PathParts> Parse(std::string_view path) {
  PathParts parsed;
  const size_t open = path.find('[');
  TYMBAL_ASSIGN_OR_RETURN(parsed.names, SplitNames(path.substr(0, open), path));
  if (path.find_first_of("\"\\") != std::string_view::npos) return PathError(path);
  if (open == std::string_view::npos) return parsed;

  const size_t equals = path.find('=', open);
  const size_t close = path.find("].", open);
  if (equals == std::string_view::npos || close == std::string_view::npos || close < equals) {
    return PathError(path);
  }
  ListSelector selector;
  selector.key_name = path.substr(open + 1, equals - open - 1);
  selector.wanted = path.substr(equals + 1, close - equals - 1);
  selector.value_name = path.substr(close + 2);
  if (selector.key_name.empty() || selector.wanted.empty() || selector.value_name.empty() ||
      selector.value_name.find('.') != std::string::npos) {
    return PathError(path);
  }
  parsed.selector = std::move(selector);
  return parsed;
}

class TreeBuilder {
 public:
  TreeBuilder() { nodes_.emplace_back(); }

  Status Add(const FieldPath& path, Field field, size_t index) {
    TYMBAL_ASSIGN_OR_RETURN(const PathParts parts, Parse(path.text));
    if (next_id_ == kPathsMax) return InvalidArgument("a profile may have 64 field paths at most");
    const Leaf leaf{field, static_cast<uint8_t>(index), static_cast<uint8_t>(next_id_++),
                    path.form};
    Insert(0, parts, 0, leaf);
    return Status::Ok();
  }

  std::vector<PathNode> Take() { return std::move(nodes_); }

 private:
  /// Adds the names from `position` on below `node`. A document may join any of them with dots, so
  /// every way to do so gets its branch; they end in leaves with the same id.
  void Insert(uint32_t node, const PathParts& path, size_t position, const Leaf& leaf) {
    if (position == path.names.size()) {
      if (path.selector) {
        nodes_[node].selectors.push_back(*path.selector);
        nodes_[node].selectors.back().leaf = leaf;
      } else {
        nodes_[node].leaves.push_back(leaf);
      }
      return;
    }
    std::string key;
    for (size_t end = position; end < path.names.size(); ++end) {
      key += (end == position ? "" : ".") + path.names[end];
      Insert(ChildOf(node, key + '"'), path, end + 1, leaf);
    }
  }

  uint32_t ChildOf(uint32_t node, const std::string& quoted_key) {
    for (const PathNode::Child& child : nodes_[node].children) {
      if (child.quoted_key == quoted_key) return child.node;
    }
    const auto added = static_cast<uint32_t>(nodes_.size());
    nodes_.emplace_back();
    nodes_[node].children.push_back({quoted_key, added});
    return added;
  }

  std::vector<PathNode> nodes_;
  size_t next_id_ = 0;
};

}  // namespace

std::string PathParts::Dotted() const {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ".") + name;
  return text;
}

Result<PathParts> ParsePath(const FieldPath& path) { return Parse(path.text); }

Result<std::vector<PathNode>> CompilePaths(const Profile& profile) {
  TreeBuilder builder;
  const std::pair<const std::vector<FieldPath>*, Field> fields[] = {
      {&profile.app, Field::kApp},           {&profile.service, Field::kService},
      {&profile.method, Field::kMethod},     {&profile.start, Field::kStart},
      {&profile.duration, Field::kDuration}, {&profile.trace_id, Field::kTraceId},
      {&profile.span_id, Field::kSpanId},    {&profile.kind, Field::kKind},
      {&profile.slot, Field::kSlot},         {&profile.weight, Field::kWeight}};
  const std::string context = "profile " + profile.name;
  for (const auto& [paths, field] : fields) {
    for (size_t i = 0; i < paths->size(); ++i) {
      if (Status s = builder.Add((*paths)[i], field, i); !s.ok()) return s.WithContext(context);
    }
  }
  for (size_t i = 0; i < profile.errors.size(); ++i) {
    if (Status s = builder.Add(profile.errors[i].path, Field::kErrorRule, i); !s.ok()) {
      return s.WithContext(context);
    }
  }
  for (size_t i = 0; i < profile.only.size(); ++i) {
    if (Status s = builder.Add(profile.only[i].path, Field::kCondition, i); !s.ok()) {
      return s.WithContext(context);
    }
  }
  return builder.Take();
}

}  // namespace tymbal::worker
