#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/coordinator.h"
#include "common/status.h"

namespace tymbal {

// What Tymbal's znodes hold: JSON objects with "v", the version of their format. Fields that are
// not known are ignored, so that nodes of the next version may add some.

/// Larger values are refused before they are sent: ZooKeeper hangs up on 1 MiB, which looks like
/// trouble with the network.
inline constexpr size_t kZnodeBytesMax = size_t{900} * 1024;

std::string EncodeMember(const Member& member);
std::string EncodeMaster(const MasterRecord& master);
std::string EncodeTask(const Task& task);
std::string EncodeProgress(const Progress& progress);
std::string EncodeControl(const Control& control);
std::string EncodeEpoch(Epoch epoch);

// Errors of all: kInternal for what is damaged, or of a version that this program doesn't know.
Result<Member> DecodeMember(std::string_view text);
Result<MasterRecord> DecodeMaster(std::string_view text);
Result<Task> DecodeTask(std::string_view text);
Result<Progress> DecodeProgress(std::string_view text);
Result<Control> DecodeControl(std::string_view text);
Result<Epoch> DecodeEpoch(std::string_view text);

/// Returns a text as one component of a path: whatever isn't a letter, a digit, '_', '-' or '.' is
/// escaped as %XX, so that different texts have different names.
std::string ZnodeName(std::string_view text);

}  // namespace tymbal
