#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace tymbal {

/// An integer that can't be mistaken for another one. `Tag` only makes the type distinct.
template <typename Tag>
struct StrongInt {
  int64_t value = 0;
  auto operator<=>(const StrongInt&) const = default;
};

/// Number of a mastership. Issued by the result store, only ever grows; 0 = none yet.
using Epoch = StrongInt<struct EpochTag>;
/// Number of one hand-over of one fragment. Issued by the result store, only ever grows.
using Token = StrongInt<struct TokenTag>;
/// One attempt to compute one period.
using RunId = StrongInt<struct RunIdTag>;

/// Name of a node, unique in its cluster.
struct NodeId {
  std::string value;
  auto operator<=>(const NodeId&) const = default;
};

}  // namespace tymbal
