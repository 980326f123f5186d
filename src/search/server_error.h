#pragma once

#include <string>
#include <string_view>

#include "common/status.h"
#include "search/http_client.h"

namespace tymbal::search {

/// Returns what a list of shard failures (a JSON array) says about the first one: its index, shard,
/// node and reason. Empty when it says nothing.
std::string DescribeFailures(std::string_view failures_json);

/// Returns the error that an answer other than 2xx is, with what the server says of index, shard
/// and reason, and the cure where there is one. `request` is shown, for instance "POST
/// /spans/_search".
///
/// kUnavailable: another try may do better (429, 500, 502, 503, 504; a point in time that is gone,
/// which a new one cures). kExhausted: a smaller page may. kInvalidArgument: a person must act
/// (401, 403, redirects). kNotFound: 404, a missing index. kBadInput: the server refuses what was
/// asked. REQUIRES: the status isn't 2xx.
Status ErrorOf(std::string_view request, const HttpAnswer& answer, const HttpBody& body);

}  // namespace tymbal::search
