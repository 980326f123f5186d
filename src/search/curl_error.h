#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string_view>

#include "common/status.h"
#include "search/search_target.h"

namespace tymbal::search {

/// A request that libcurl could not bring to an end.
struct CurlFailure {
  CURLcode code;
  std::string_view detail;  ///< What libcurl put into the error buffer.
  const SearchTarget& target;
  const SearchHost& host;
  std::chrono::milliseconds deadline;
};

/// The one place that says which failures pass by themselves (kUnavailable) and which need a
/// person. Returns a message with the host, what happened and, where somebody must act, what to do.
Status CurlError(const CurlFailure& failure);

}  // namespace tymbal::search
