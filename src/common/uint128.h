#pragma once

namespace tymbal {

/// For sums that can't wrap. A compiler extension, named once.
__extension__ typedef unsigned __int128 Uint128;

}  // namespace tymbal
