#include "common/json_index.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tymbal {
namespace {

/// Stage 1 knows no depth.
constexpr size_t kDepth = 1;

/// How much deeper each byte leads.
constexpr std::array<int8_t, 256> MakeSteps() {
  std::array<int8_t, 256> steps{};
  steps['{'] = steps['['] = 1;
  steps['}'] = steps[']'] = -1;
  return steps;
}
constexpr std::array<int8_t, 256> kSteps = MakeSteps();

}  // namespace

struct JsonIndex::Stage {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> simd;
};

JsonIndex::JsonIndex() : stage_(std::make_unique<Stage>()) {}
JsonIndex::~JsonIndex() = default;
JsonIndex::JsonIndex(JsonIndex&&) noexcept = default;
JsonIndex& JsonIndex::operator=(JsonIndex&&) noexcept = default;

Status JsonIndex::Build(std::string_view text) {
  marks_ = {};
  auto& simd = stage_->simd;
  if (simd == nullptr || simd->capacity() < text.size()) {
    const auto code = simdjson::get_active_implementation()->create_dom_parser_implementation(
        std::max<size_t>(text.size(), simdjson::SIMDJSON_PADDING), kDepth, simd);
    if (code) return BadInput(simdjson::error_message(code));
  }
  const auto code = simd->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                 simdjson::stage1_mode::regular);
  if (code) return BadInput(simdjson::error_message(code));
  marks_ = {simd->structural_indexes.get(), simd->n_structural_indexes};
  return Status::Ok();
}

void EscapeFinder::Find() {
  const void* const found = std::memchr(next_, '\\', static_cast<size_t>(end_ - next_));
  next_ = found != nullptr ? static_cast<const char*>(found) : end_;
}

size_t CountMarks(const char* base, std::span<const uint32_t> marks, size_t first) {
  int depth = 0;
  for (size_t mark = first; mark < marks.size(); ++mark) {
    depth += kSteps[static_cast<uint8_t>(base[marks[mark]])];
    if (depth <= 0) return mark - first + 1;
  }
  return 0;
}

}  // namespace tymbal
