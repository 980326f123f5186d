#pragma once

#include <string_view>

namespace tymbal::search {

/// Returns the ingest pipeline of docs/slots.md, as JSON: it writes the slot of a document's names.
std::string_view SlotPipelineJson();

}  // namespace tymbal::search
