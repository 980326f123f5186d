#pragma once

#include <cstdint>
#include <string_view>

#include "common/endpoint.h"

namespace tymbal::generate {

enum class SpanKind : uint8_t { kServer, kClient, kProducer, kConsumer, kInternal };

std::string_view SpanKindName(SpanKind kind);

struct NamedEndpoint {
  EndpointName name;
  SpanKind kind = SpanKind::kServer;
};

/// Returns the endpoint `index` of a system of `apps` apps: Java interfaces, controllers with HTTP
/// routes, gRPC services, jobs, and what tracers without a service name record (routes, queues,
/// tables). Different indices give different names. They depend on nothing else, so that runs with
/// different seeds are about the same endpoints.
///
/// In each 400 indices one method has a quote or a backslash, and one has non-ASCII characters.
/// REQUIRES: index < kEndpointsMax, 0 < apps.
NamedEndpoint MakeEndpoint(uint32_t index, uint32_t apps);

}  // namespace tymbal::generate
