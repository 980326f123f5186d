#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

#include "common/status.h"
#include "worker/input_stream.h"

namespace tymbal::testing {

/// Gives a text in small pieces of random size, as a pipe does.
class TextStream : public worker::InputStream {
 public:
  explicit TextStream(std::string text) : InputStream("text"), text_(std::move(text)) {}

  Result<size_t> Read(char* buffer, size_t size) override {
    const size_t piece = std::min({size, text_.size() - position_, 1 + random_() % 100'000});
    std::copy_n(text_.data() + position_, piece, buffer);
    position_ += piece;
    return piece;
  }

 private:
  std::string text_;
  size_t position_ = 0;
  std::mt19937_64 random_{1};
};

}  // namespace tymbal::testing
