#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "generate/generate_options.h"
#include "generate/span_generator.h"

namespace tymbal::generate {

/// Writes generated spans as native spans, one JSON object per line (docs/generate.md).
///
/// It holds the names of all endpoints as JSON, about 130 bytes each, so that a line is a few
/// copies. Thread: confined to one.
class NdjsonEncoder {
 public:
  /// For spans of a SpanGenerator with the same options.
  explicit NdjsonEncoder(const GenerateOptions& options);

  /// Appends a line for each span.
  void Append(std::span<const GeneratedSpan> spans, std::string* out) const;

 private:
  std::string_view Names(uint32_t endpoint) const {
    return std::string_view(names_).substr(ends_[endpoint], ends_[endpoint + 1] - ends_[endpoint]);
  }
  char* AppendLine(const GeneratedSpan& span, char* at) const;
  void AppendBrokenLine(const GeneratedSpan& span, std::string* out) const;

  uint32_t apps_;
  std::string names_;         // For each endpoint: {"app":"…","service":"…","method":"…"
  std::vector<size_t> ends_;  // Of each endpoint in names_; the first element is 0.
  size_t line_bytes_max_;     // Of a line that isn't broken.
};

}  // namespace tymbal::generate
