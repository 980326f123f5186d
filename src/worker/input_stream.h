#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "common/status.h"

namespace tymbal::worker {

/// The name that stands for standard input.
inline constexpr const char* kStandardInput = "-";

/// The bytes of a file or of standard input, decompressed where they are gzip or zstd (told by
/// their first bytes, not by the name). Thread: confined to one at a time.
class InputStream {
 public:
  /// Errors: kBadInput, naming the file, when it can't be opened or is a directory.
  static Result<std::unique_ptr<InputStream>> Open(const std::string& path);

  virtual ~InputStream() = default;

  /// Reads up to `size` bytes; returns how many, 0 only at the end. Errors: kBadInput, naming the
  /// file: a read error, damaged or truncated compression.
  virtual Result<size_t> Read(char* buffer, size_t size) = 0;

  /// Returns how many bytes of the file itself (compressed) have been consumed, for progress.
  /// Thread: any.
  uint64_t consumed() const { return consumed_.load(std::memory_order_relaxed); }

  /// Returns what people call it: the path, or "standard input".
  const std::string& name() const { return name_; }

 protected:
  explicit InputStream(std::string name) : name_(std::move(name)) {}

  void Consume(size_t bytes) { consumed_.fetch_add(bytes, std::memory_order_relaxed); }

 private:
  const std::string name_;
  std::atomic<uint64_t> consumed_{0};
};

}  // namespace tymbal::worker
