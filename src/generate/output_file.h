#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/status.h"

namespace tymbal::generate {

/// Writes bytes to a file or to the standard output, compressed when the name ends in .gz or .zst.
///
/// An existing file is overwritten. After an error the file is incomplete and nothing more may be
/// written. REQUIRES: SIGPIPE is ignored, or a reader that goes away ends the process.
/// Thread: confined to one. Calls block.
class OutputFile {
 public:
  /// Turns bytes into the bytes of a format; one for each format.
  class Codec;

  /// Opens `path`; "-" is the standard output. Errors: kInternal when it can't be opened.
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Errors: kExhausted when the disk is full, kUnavailable when the reader of a pipe has gone,
  /// kInternal for others. They name the file.
  Status Write(std::string_view bytes);
  /// Writes what the codec still holds and closes the file. Errors: as Write.
  Status Close();

 private:
  OutputFile(std::string path, int fd, std::unique_ptr<Codec> codec);
  Status WriteEncoded();

  std::string path_;
  int fd_;
  std::unique_ptr<Codec> codec_;
  std::string encoded_;  // Scratch.
};

}  // namespace tymbal::generate
