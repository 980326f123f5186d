#include "worker/read_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "common/text.h"
#include "worker/slot_function.h"

namespace tymbal::worker {
namespace {

/// Servers allow 65,536 values in a `terms` (index.max_terms_count).
constexpr size_t kTermsMax = 60'000;
/// Servers allow 1,024 clauses in a `bool` by default.
constexpr size_t kAppsMax = 500;
constexpr size_t kRangesMax = 500;
/// Above this share of all records, reading them all is quicker: the documents lie side by side.
constexpr double kWorthwhileShare = 0.7;

std::string Missing(const std::string& field) {
  return fmt::format(R"({{"bool":{{"must_not":[{{"exists":{{"field":{}}}}}]}}}})",
                     JsonQuote(field));
}

std::string AnyOf(const std::string& clauses) {
  return fmt::format(R"({{"bool":{{"should":[{}],"minimum_should_match":1}}}})", clauses);
}

/// Documents whose slot is in one of the ranges, of which there is at least one. What is no slot is
/// somebody's too: the first one also gets what is negative (the original cicada's abs() has such a
/// value), the last one what is above it, and refuses that.
std::string InAnyRange(const std::string& field, std::span<const SlotRange> ranges, uint64_t scale,
                       uint32_t slot_count) {
  std::string clauses;
  for (const SlotRange range : ranges) {
    std::string bounds;
    if (range.from > 0) bounds = fmt::format(R"("gte":{})", range.from * scale);
    if (range.to < slot_count) {
      bounds += fmt::format(R"({}"lt":{})", bounds.empty() ? "" : ",", range.to * scale);
    }
    clauses += fmt::format(R"({}{{"range":{{{}:{{{}}}}}}})", clauses.empty() ? "" : ",",
                           JsonQuote(field), bounds);
  }
  return ranges.size() == 1 ? clauses : AnyOf(clauses);
}

/// Documents with a usable name in the column. An empty text is there, but is none.
std::string Named(const ColumnField& column) {
  const std::string name = JsonQuote(column.name);
  const std::string empty = column.path.form == NameForm::kText
                                ? fmt::format(R"(,"must_not":[{{"term":{{{}:""}}}}])", name)
                                : "";
  return fmt::format(R"({{"bool":{{"filter":[{{"exists":{{"field":{}}}}}]{}}}}})", name, empty);
}

template <typename Names>
std::string Terms(const ColumnField& column, const Names& names) {
  std::string values;
  for (const std::string& name : names) values += (values.empty() ? "" : ",") + JsonQuote(name);
  return fmt::format(R"({{"terms":{{{}:[{}]}}}})", JsonQuote(column.name), values);
}

/// A filter for some endpoints, and how many records it brings, foreign ones included.
struct NameFilter {
  std::string clause;
  uint64_t records = 0;
};

/// The apps that are ours, each with its methods that are ours.
using OwnNames = std::map<std::string, std::set<std::string>, std::less<>>;

NameFilter ByAppAndMethod(const IndexLayout& layout, const EndpointListing& listing,
                          const OwnNames& own) {
  NameFilter filter;
  std::string apps;
  for (const auto& [app, methods] : own) {
    apps +=
        fmt::format(R"({}{{"bool":{{"filter":[{},{}]}}}})", apps.empty() ? "" : ",",
                    Terms(layout.app, std::set<std::string>{app}), Terms(layout.method, methods));
  }
  filter.clause = AnyOf(apps);
  for (const ListedEndpoint& endpoint : listing.endpoints) {
    const auto found = own.find(endpoint.name.app);
    if (found != own.end() && found->second.contains(endpoint.name.method)) {
      filter.records += endpoint.records;
    }
  }
  return filter;
}

NameFilter ByMethod(const IndexLayout& layout, const EndpointListing& listing,
                    const OwnNames& own) {
  std::set<std::string> methods;
  for (const auto& [app, of_app] : own) methods.insert(of_app.begin(), of_app.end());
  NameFilter filter{Terms(layout.method, methods), 0};
  for (const ListedEndpoint& endpoint : listing.endpoints) {
    if (methods.contains(endpoint.name.method)) filter.records += endpoint.records;
  }
  return filter;
}

}  // namespace

Status CheckSlotRead(SlotRead way, const Profile& profile, const IndexLayout& layout) {
  if (way == SlotRead::kField && layout.slot_field.empty()) {
    return BadInput(fmt::format(
        "slot_read: field needs a numeric, indexed field with the slot; the profile {} names {}",
        profile.name,
        profile.slot.empty() ? "none" : profile.slot.front().text + ", which isn't one here"));
  }
  if (way == SlotRead::kGroup && !layout.no_groups.empty()) {
    return BadInput(fmt::format(
        "slot_read: group needs app, service and method in doc values, but {}", layout.no_groups));
  }
  return Status::Ok();
}

SlotRead ChooseSlotRead(const Profile& profile, const IndexLayout& layout) {
  if (profile.slot_read != SlotRead::kAuto) return profile.slot_read;
  if (!layout.slot_field.empty()) return SlotRead::kField;
  return layout.no_groups.empty() ? SlotRead::kGroup : SlotRead::kScan;
}

ReadPlan PlanWhole(const IndexLayout& layout) {
  return {SlotRead::kScan, {{.clauses = layout.JoinedClauses(), .columns = true}}};
}

ReadPlan PlanByField(const IndexLayout& layout, const Profile& profile, const SlotSet& slots,
                     uint32_t slot_count) {
  // The documents' slots may be finer than ours (the original cicada has 65,536).
  const uint64_t scale = profile.slot_count == 0 ? 1 : profile.slot_count / slot_count;
  const std::string common = layout.JoinedClauses();
  ReadPlan plan{SlotRead::kField, {}};
  for (std::span<const SlotRange> left = slots.ranges(); !left.empty();) {
    const size_t count = std::min(left.size(), kRangesMax);
    plan.parts.push_back(
        {.clauses =
             common + "," + InAnyRange(layout.slot_field, left.first(count), scale, slot_count),
         .own_only = true,
         .columns = true});
    left = left.subspan(count);
  }
  plan.parts.push_back({.clauses = common + "," + Missing(layout.slot_field)});
  return plan;
}

ReadPlan PlanByGroup(const IndexLayout& layout, const EndpointListing& listing,
                     SlotFunction function, const SlotSet& slots, uint32_t slot_count) {
  ReadPlan whole = PlanWhole(layout);
  if (listing.listed != listing.total) {
    whole.warning = fmt::format(
        "{} of {} records have several values in a field of their names; every node reads all "
        "spans",
        listing.listed - listing.total, listing.total);
    return whole;
  }
  OwnNames own;
  uint64_t own_records = 0;
  size_t own_endpoints = 0;
  for (const ListedEndpoint& endpoint : listing.endpoints) {
    const EndpointName& name = endpoint.name;
    if (!slots.Contains(SlotBy(function, name.app, name.service, name.method, slot_count)))
      continue;
    own[name.app].insert(name.method);
    own_records += endpoint.records;
    ++own_endpoints;
  }
  const std::string common = layout.JoinedClauses();
  std::string named = Named(layout.app) + "," + Named(layout.method);
  // Without a service the documents are of another endpoint, unless only the column lacks it.
  if (layout.service && layout.service->may_lack) {
    named += fmt::format(R"(,{{"exists":{{"field":{}}}}})", JsonQuote(layout.service->name));
  }
  ReadPlan plan{SlotRead::kGroup, {}};
  if (listing.nameless > 0) {
    plan.parts.push_back(
        {.clauses = fmt::format(R"({},{{"bool":{{"must_not":[{{"bool":{{"filter":[{}]}}}}]}}}})",
                                common, named)});
  }
  if (own.empty()) return plan;
  std::string clause;
  if (own_endpoints <= kTermsMax) {
    NameFilter best = ByMethod(layout, listing, own);
    if (own.size() <= kAppsMax) {
      NameFilter other = ByAppAndMethod(layout, listing, own);
      if (other.records < best.records) best = std::move(other);
    }
    if (static_cast<double>(best.records) <
        kWorthwhileShare * static_cast<double>(listing.total - listing.nameless)) {
      clause = "," + best.clause;
    }
  }
  plan.parts.push_back(
      {.clauses = common + "," + named + clause, .counts_own = true, .columns = true});
  plan.own = own_records;
  return plan;
}

void SetApartDoubtful(const std::vector<std::string>& doubtful, ReadPlan* plan) {
  if (doubtful.empty()) return;
  std::string all;
  for (const std::string& field : doubtful) {
    all +=
        fmt::format(R"({}{{"exists":{{"field":{}}}}})", all.empty() ? "" : ",", JsonQuote(field));
  }
  std::vector<ReadPart> parts;
  for (const ReadPart& part : plan->parts) {
    if (!part.columns) {
      parts.push_back(part);
      continue;
    }
    ReadPart sure = part;
    sure.clauses += "," + all;
    ReadPart doubt = part;
    doubt.clauses +=
        fmt::format(R"(,{{"bool":{{"must_not":[{{"bool":{{"filter":[{}]}}}}]}}}})", all);
    doubt.columns = false;
    parts.push_back(std::move(sure));
    parts.push_back(std::move(doubt));
  }
  plan->parts = std::move(parts);
}

void SetApartIndices(const std::vector<std::string>& names, ReadPlan* plan) {
  std::vector<ReadPart> parts;
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ",") + JsonQuote(name);
  for (const ReadPart& part : plan->parts) {
    for (const std::string& name : names) {
      ReadPart of_index = part;
      of_index.clauses += fmt::format(R"(,{{"term":{{"_index":{}}}}})", JsonQuote(name));
      of_index.one_index = true;
      parts.push_back(std::move(of_index));
    }
    ReadPart others = part;
    others.clauses +=
        fmt::format(R"(,{{"bool":{{"must_not":[{{"terms":{{"_index":[{}]}}}}]}}}})", all);
    parts.push_back(std::move(others));
  }
  plan->parts = std::move(parts);
}

std::string_view SlotReadName(SlotRead way) {
  switch (way) {
    case SlotRead::kAuto:
      return "auto";
    case SlotRead::kField:
      return "field";
    case SlotRead::kGroup:
      return "group";
    case SlotRead::kScan:
      return "scan";
  }
  return "";
}

}  // namespace tymbal::worker
