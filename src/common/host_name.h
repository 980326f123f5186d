#pragma once

#include <string_view>

namespace tymbal {

/// Returns whether a host is this machine by its name: nobody listens in between.
bool IsLoopbackHost(std::string_view host);

}  // namespace tymbal
