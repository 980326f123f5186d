#include "worker/index_sample.h"

#include <fmt/format.h>

#include <set>

#include "common/text.h"
#include "search/hits_page.h"
#include "search/index_catalog.h"

namespace tymbal::worker {
namespace {

/// Newest first. An index has the time field of one profile or two; the others don't count there.
std::string SortMember(const search::IndexSet& indices, std::span<const Profile> profiles) {
  std::set<std::string> names;
  std::string keys;
  for (const Profile& profile : profiles) {
    const search::IndexField* const field = indices.Find(profile.time_field);
    if (field == nullptr || !(field->IsDate() || field->IsNumber()) || !field->doc_values ||
        !names.insert(profile.time_field).second) {
      continue;
    }
    keys += fmt::format(R"({}{{{}:{{"order":"desc","missing":"_last","unmapped_type":"{}"}}}})",
                        keys.empty() ? "" : ",", JsonQuote(profile.time_field),
                        field->IsDate() ? "date" : "long");
  }
  return keys.empty() ? "" : fmt::format(R"("sort":[{}],)", keys);
}

}  // namespace

Result<ProfileEvidence> SampleIndex(search::SearchClient* client,
                                    const search::ServerVersion& version,
                                    const std::string& pattern, std::span<const Profile> profiles,
                                    size_t count) {
  TYMBAL_ASSIGN_OR_RETURN(const search::IndexSet indices,
                          search::ReadIndexSet(client, version, pattern, {"*"}));
  if (indices.open.empty()) {
    return NotFound(fmt::format("all indices of '{}' are closed", Printable(pattern)));
  }
  ProfileEvidence evidence;
  evidence.index = indices.open.back();
  for (const auto& [name, field] : indices.fields) evidence.mapping_fields.push_back(name);
  const search::Call call{
      .method = "POST",
      .target = fmt::format("/{}/_search?allow_partial_search_results=false&ignore_unavailable={}",
                            search::EscapePath(pattern), !indices.closed.empty()),
      .body = fmt::format(R"({{"size":{},{}"query":{{"match_all":{{}}}}}})", count,
                          SortMember(indices, profiles)),
      .spans = count};
  search::HitsPageParser parser;
  search::HitsPage page;
  TYMBAL_RETURN_IF_ERROR(
      client->Do(call, [&](const search::HttpBody& body) { return parser.Parse(body, &page); })
          .WithContext("looking at the newest documents"));
  for (const search::Hit& hit : page.hits) evidence.documents.emplace_back(hit.record.text);
  return evidence;
}

}  // namespace tymbal::worker
