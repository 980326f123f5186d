#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "worker/profile.h"

namespace tymbal::worker {

/// The fields of a document that a span is made of.
enum class Field : uint8_t {
  kApp,
  kService,
  kMethod,
  kStart,
  kDuration,
  kTraceId,
  kSpanId,
  kKind,
  kSlot,
  kWeight,
  kErrorRule,
  kCondition,
};
inline constexpr size_t kValueFields = 10;  ///< All but kErrorRule and kCondition.

/// What a value at one place of a document is for.
struct Leaf {
  Field field = Field::kApp;
  /// Of the path in the field's list (lower wins), of the error rule, or of the condition.
  uint8_t index = 0;
  uint8_t id = 0;  ///< Unique in the tree: finds fields that stand there twice.
  NameForm form = NameForm::kText;
};

/// Looks into a list of objects: takes `value_name` of the object whose `key_name` is `wanted`.
struct ListSelector {
  std::string key_name;
  std::string value_name;
  std::string wanted;
  Leaf leaf;
};

/// A profile's paths, merged into one tree, so that a document is walked once, whatever the
/// profile.
struct PathNode {
  struct Child {
    std::string quoted_key;  ///< The key and its closing quote, as it stands in the document.
    uint32_t node;
  };
  std::vector<Child> children;
  std::vector<ListSelector> selectors;
  std::vector<Leaf> leaves;
};

/// A path in its parts.
struct PathParts {
  std::vector<std::string> names;  ///< Of objects, outermost first.
  std::optional<ListSelector> selector;

  /// Returns what Elasticsearch calls the field, or the list of objects if there is a selector.
  std::string Dotted() const;
};

/// Errors: kInvalidArgument for a path that can't be understood.
Result<PathParts> ParsePath(const FieldPath& path);

/// Returns the nodes; the first is the root. Errors: kInvalidArgument for a path that can't be
/// understood, or more than 64 paths.
Result<std::vector<PathNode>> CompilePaths(const Profile& profile);

}  // namespace tymbal::worker
