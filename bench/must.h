#pragma once

#include <stdexcept>
#include <utility>

#include "common/status.h"

namespace tymbal::bench {

/// What a benchmark can't go on without; an error ends it by an exception.
template <typename T>
T Take(Result<T> result) {
  if (!result.has_value()) throw std::runtime_error(result.error().message());
  return std::move(*result);
}

inline void Must(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.message());
}

}  // namespace tymbal::bench
