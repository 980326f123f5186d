#include "worker/profile_match.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "common/arena.h"
#include "common/coverage.h"
#include "common/slot.h"
#include "worker/chunk_records.h"
#include "worker/decoder.h"
#include "worker/input_stream.h"
#include "worker/path_tree.h"
#include "worker/record_stream.h"
#include "worker/shipped_profiles.h"

namespace tymbal::worker {
namespace {

/// What a profile makes of the evidence.
struct Verdict {
  bool fits = false;
  std::string text;
};

/// Whether `text` has the form of one of the patterns, which commas separate and in which * stands
/// for anything.
bool MatchesPattern(std::string_view patterns, std::string_view text) {
  while (!patterns.empty()) {
    const std::string_view pattern = patterns.substr(0, patterns.find(','));
    patterns.remove_prefix(std::min(pattern.size() + 1, patterns.size()));
    // matches[j]: what was read of the pattern matches the first j characters.
    std::vector<bool> matches(text.size() + 1, false);
    matches[0] = true;
    for (const char c : pattern) {
      std::vector<bool> next(text.size() + 1, false);
      for (size_t j = 0; j <= text.size(); ++j) {
        next[j] = c == '*' ? matches[j] || (j > 0 && next[j - 1])
                           : j > 0 && matches[j - 1] && text[j - 1] == c;
      }
      matches = std::move(next);
    }
    if (matches.back()) return true;
  }
  return false;
}

std::string Alternatives(const std::vector<FieldPath>& paths) {
  std::string text;
  for (const FieldPath& path : paths) text += (text.empty() ? "" : " or ") + path.text;
  return text;
}

std::string RequiredFields(const Profile& profile) {
  std::string text;
  for (const Condition& condition : profile.only) {
    text += condition.path.text + " = ";
    for (size_t i = 0; i < condition.values.size(); ++i) {
      text += (i == 0 ? "" : " or ") + condition.values[i];
    }
    text += ", ";
  }
  return text + fmt::format("{}, {}, {}, {}", Alternatives(profile.app),
                            Alternatives(profile.method), Alternatives(profile.start),
                            Alternatives(profile.duration));
}

Result<Verdict> JudgeDocuments(Profile profile, const std::vector<std::string>& documents) {
  profile.entry_only = false;  // A sample may hold client sides only.
  TYMBAL_ASSIGN_OR_RETURN(const auto decoder, Decoder::Create(profile, kSlotsDefault));
  size_t spans = 0;
  size_t left_out = 0;
  std::optional<RejectReason> reason;
  for (const std::string& document : documents) {
    const std::string padded = document + std::string(kRecordPadding, ' ');
    Arena texts;
    Span span;
    Decoder::Rejection rejection;
    const auto outcome = decoder->Decode(std::string_view(padded).substr(0, document.size()),
                                         &texts, &span, &rejection);
    spans += outcome == Decoder::Outcome::kSpan ? 1 : 0;
    left_out += outcome == Decoder::Outcome::kFiltered ? 1 : 0;
    if (outcome == Decoder::Outcome::kRejected && !reason) reason = rejection.reason;
  }
  const size_t rejected = documents.size() - spans - left_out;
  Verdict verdict{spans > 0 && spans >= rejected,
                  fmt::format("{} of {} sample documents have {}", spans, documents.size(),
                              RequiredFields(profile))};
  if (left_out > 0) verdict.text += fmt::format("; {} don't count for it", left_out);
  if (reason) {
    verdict.text += fmt::format("; {} don't fit ({})", rejected, RejectReasonText(*reason));
  }
  return verdict;
}

Result<Verdict> JudgeMapping(const Profile& profile, const std::vector<std::string>& fields) {
  const std::set<std::string, std::less<>> known(fields.begin(), fields.end());
  std::string missing;
  const auto look_for = [&](const std::vector<FieldPath>& paths) -> Status {
    bool found = false;
    for (const FieldPath& path : paths) {
      TYMBAL_ASSIGN_OR_RETURN(const PathParts parts, ParsePath(path));
      found |= known.contains(parts.Dotted());
    }
    if (!found) missing += (missing.empty() ? "" : ", ") + Alternatives(paths);
    return Status::Ok();
  };
  for (const Condition& condition : profile.only) {
    TYMBAL_RETURN_IF_ERROR(look_for({condition.path}));
  }
  for (const auto* paths : {&profile.app, &profile.method, &profile.start, &profile.duration}) {
    TYMBAL_RETURN_IF_ERROR(look_for(*paths));
  }
  if (!missing.empty()) return Verdict{false, "the index has no " + missing};
  return Verdict{true, "the index has " + RequiredFields(profile) + ", but no document"};
}

}  // namespace

Result<ProfileMatch> MatchProfile(std::span<const Profile> profiles,
                                  const ProfileEvidence& evidence) {
  if (evidence.documents.empty() && evidence.mapping_fields.empty()) {
    return InvalidArgument("there is no document to tell the profile by: name it");
  }
  std::vector<ProfileMatch> fitting;
  std::string contradictions;
  for (const Profile& profile : profiles) {
    TYMBAL_ASSIGN_OR_RETURN(Verdict verdict, evidence.documents.empty()
                                                 ? JudgeMapping(profile, evidence.mapping_fields)
                                                 : JudgeDocuments(profile, evidence.documents));
    if (!evidence.index.empty() && MatchesPattern(profile.index, evidence.index)) {
      verdict.text += "; the name " + evidence.index + " fits " + profile.index;
    }
    if (verdict.fits) {
      fitting.push_back({profile, std::move(verdict.text)});
    } else {
      contradictions += "\n  " + profile.name + ": " + verdict.text;
    }
  }
  if (fitting.size() == 1) return std::move(fitting.front());
  if (fitting.empty()) {
    return InvalidArgument("no profile fits; name one, or write one (docs/profiles.md):" +
                           contradictions);
  }
  std::string text = fmt::format("{} profiles fit; name the right one:", fitting.size());
  for (const ProfileMatch& match : fitting)
    text += "\n  " + match.profile.name + ": " + match.reason;
  return InvalidArgument(std::move(text));
}

Result<std::vector<Profile>> LoadShippedProfiles() {
  std::vector<Profile> profiles;
  for (const ShippedProfile& shipped : ShippedProfiles()) {
    TYMBAL_ASSIGN_OR_RETURN(Profile profile, ParseProfile(shipped.yaml, shipped.name));
    profiles.push_back(std::move(profile));
  }
  return profiles;
}

Result<std::vector<std::string>> SampleRecords(std::span<const std::string> paths, size_t count) {
  std::vector<std::string> records;
  for (const std::string& path : paths) {
    struct stat status {};
    if (path == kStandardInput || (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) &&
                                   !S_ISDIR(status.st_mode))) {
      return InvalidArgument(
          (path == kStandardInput ? "standard input" : path) +
          " can be read only once, so a look at its first records is not possible: name the "
          "profile");
    }
    TYMBAL_ASSIGN_OR_RETURN(std::unique_ptr<InputStream> input, InputStream::Open(path));
    RecordStream stream(std::move(input));
    Chunk chunk;
    ChunkRecords in_chunk;
    while (records.size() < count) {
      TYMBAL_ASSIGN_OR_RETURN(const bool more, stream.Next(&chunk));
      if (!more) break;
      in_chunk.Begin(chunk);
      uint64_t line = 0;
      while (records.size() < count) {
        const MarkedJson* const record = in_chunk.Next(&line);
        if (record == nullptr) break;
        records.emplace_back(record->text);
      }
      if (!in_chunk.status().ok()) return in_chunk.status().WithContext(path);
    }
    if (!records.empty()) break;
  }
  return records;
}

}  // namespace tymbal::worker
