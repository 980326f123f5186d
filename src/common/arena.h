#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace tymbal {

/// Holds texts together until Clear() or its end, without an allocation for each. What it hands out
/// doesn't move. Thread: confined to one.
class Arena {
 public:
  explicit Arena(size_t block_bytes = 64 * 1024) : block_bytes_(block_bytes) {}

  /// Returns `count` bytes to write to, valid until Clear().
  char* Allocate(size_t count) {
    if (count > left_) AddBlock(std::max(count, block_bytes_));
    char* bytes = next_;
    next_ += count;
    left_ -= count;
    return bytes;
  }

  /// Returns how many bytes the arena holds on to.
  size_t bytes() const { return bytes_; }

  /// Forgets all texts and keeps one block for the next ones.
  void Clear() {
    if (blocks_.size() != 1 || bytes_ > block_bytes_) {
      blocks_.clear();
      next_ = nullptr;
      left_ = bytes_ = 0;
      return;
    }
    next_ = blocks_.front().get();
    left_ = bytes_;
  }

 private:
  void AddBlock(size_t bytes) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    next_ = blocks_.back().get();
    left_ = bytes;
    bytes_ += bytes;
  }

  size_t block_bytes_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t bytes_ = 0;
};

}  // namespace tymbal
