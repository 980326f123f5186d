#include "cli/index_findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/read_cost_text.h"
#include "common/text.h"
#include "common/time_text.h"
#include "report/number_format.h"
#include "worker/read_plan.h"
#include "worker/read_way.h"

namespace tymbal::cli {
namespace {

using report::FormatExact;
using search::IndexField;
using search::IndexSet;
using worker::IndexLayout;
using worker::IndexLook;
using worker::ReadWay;
using worker::SlotRead;

std::string Types(const IndexField& field) {
  return fmt::format("{}", fmt::join(field.types, ", "));
}

std::string Spread(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  const std::string first = Printable(names.front());
  return names.size() == 1 ? first : fmt::format("{} to {}", first, Printable(names.back()));
}

std::string IndicesText(const IndexFindings& findings) {
  const IndexSet& indices = findings.look.indices;
  std::string text = fmt::format("{}: {} open ({}), {}", Printable(findings.index),
                                 indices.open.size(), Spread(indices.open),
                                 Counted(static_cast<uint64_t>(indices.shards), "shard", "shards"));
  if (!indices.closed.empty()) {
    text += fmt::format("; {} closed ({})", indices.closed.size(), Spread(indices.closed));
  }
  return text;
}

/// What a node of a cluster does, that reads some of the slots.
std::string SlotsText(const IndexLook& look) {
  if (!look.no_slot_read.empty()) return "not possible: " + look.no_slot_read;
  switch (look.slot_read) {
    case SlotRead::kField:
      return fmt::format("each node asks for its own spans by the field {}",
                         look.layout->slot_field);
    case SlotRead::kGroup:
      return "each node lets the server list the endpoints of the period, and asks for its own";
    case SlotRead::kAuto:
    case SlotRead::kScan:
      break;
  }
  return "each node reads all spans and drops those of others";
}

std::string TimeText(const search::TimeField& time) {
  switch (time.kind) {
    case search::TimeField::Kind::kDate:
      return "a date";
    case search::TimeField::Kind::kSeconds:
      return "a number of seconds";
    case search::TimeField::Kind::kMillis:
      return "a number of milliseconds";
    case search::TimeField::Kind::kMicros:
      return "a number of microseconds";
    case search::TimeField::Kind::kNanos:
      return "a number of nanoseconds";
  }
  return "";
}

void WriteFields(const IndexFindings& findings, std::ostream& out) {
  const IndexSet& indices = findings.look.indices;
  out << fmt::format("\n{:<32} {:<18} {:>9}  {}\n", "field", "mapped as", "indices", "doc values");
  for (const std::string& name : worker::FieldsOf(findings.profile)) {
    const IndexField* const field = indices.Find(name);
    if (field == nullptr) continue;
    out << fmt::format("{:<32} {:<18} {:>9}  {}{}{}\n", Printable(name), Types(*field),
                       fmt::format("{}/{}", field->indices, indices.open.size()),
                       field->doc_values ? "yes" : "no", field->indexed ? "" : ", not indexed",
                       field->normalized ? ", changed by a normalizer" : "");
  }
}

double SecondsPerMillion(ReadWay way, bool adjacent) { return worker::MeasuredUs(way, adjacent); }

void WriteReading(const IndexFindings& findings, std::ostream& out) {
  const IndexLook& look = findings.look;
  const IndexLayout& layout = *look.layout;
  out << fmt::format("\nTime      {}, {}\n", Printable(layout.time.name), TimeText(layout.time));
  out << fmt::format("Slots     {}: {}\n", worker::SlotReadName(look.slot_read), SlotsText(look));
  out << "Grouping  "
      << (layout.no_groups.empty() ? "possible: the server can list the endpoints of a period"
                                   : "not possible: " + layout.no_groups)
      << '\n';
  out << "Columns   "
      << (look.columns ? "possible: spans can be read from doc values alone"
                       : "not possible: " + look.no_columns)
      << '\n';
  out << fmt::format("Reading   a whole period: whole documents, about {:.1f} s for 1 M spans\n",
                     SecondsPerMillion(ReadWay::kSource, look.version.HasShardDoc()));
  out << fmt::format("          a part of the slots: whole documents, about {:.1f} s for 1 M spans",
                     SecondsPerMillion(ReadWay::kSource, false));
  if (look.columns) {
    out << fmt::format(
        "; doc values, {:.1f} s, or {:.1f} s\n          without the ids: what is "
        "cheapest is found out while reading",
        SecondsPerMillion(ReadWay::kColumns, false),
        SecondsPerMillion(ReadWay::kColumnsThenIds, false));
  }
  out << '\n';
}

void WriteCosts(const IndexFindings& findings, std::ostream& out) {
  if (!findings.forecast) {
    if (!findings.no_forecast.empty()) out << "Costs     unknown: " << findings.no_forecast << '\n';
    return;
  }
  const worker::ReadForecast& forecast = *findings.forecast;
  const TimeZone utc = TimeZone::Utc();
  out << fmt::format(
      "Costs     {} to {}: {} in {}, {}, about {}\n", utc.FormatShort(forecast.range.start_ms),
      utc.FormatShort(forecast.range.end_ms), Counted(forecast.records, "span", "spans"),
      Counted(forecast.requests, "request", "requests"), FormatBytes(forecast.bytes),
      FormatEstimate(forecast.seconds));
}

void AddSlotCures(const IndexFindings& findings, std::vector<std::string>* cures) {
  const IndexLook& look = findings.look;
  const IndexLayout& layout = *look.layout;
  if (look.slot_read == SlotRead::kScan && look.no_slot_read.empty()) {
    cures->push_back(
        "several nodes gain nothing here: each reads everything. " +
        (layout.no_groups.empty()
             ? "Use slot_read: auto, since the server could list the endpoints"
             : "Map the names as keyword with doc values (a template for new indices), since " +
                   layout.no_groups));
  }
  if (look.slot_read == SlotRead::kGroup && findings.profile.name == "tymbal") {
    cures->push_back(
        "`tymbal index install` gives new spans a slot: nodes then needn't list the endpoints "
        "first");
  }
  if (findings.forecast && findings.forecast->slotless > 0) {
    cures->push_back(
        fmt::format("{} of {} spans of the period have no {}: every node reads them. Send all "
                    "documents through "
                    "the pipeline of `tymbal index install`",
                    FormatExact(findings.forecast->slotless),
                    FormatExact(findings.forecast->records), layout.slot_field));
  }
}

std::string Array(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts) json += (json.empty() ? "" : ",") + JsonQuote(text);
  return "[" + json + "]";
}

std::string FieldsJson(const IndexFindings& findings) {
  std::string json;
  for (const std::string& name : worker::FieldsOf(findings.profile)) {
    const IndexField* const field = findings.look.indices.Find(name);
    if (field == nullptr) continue;
    json += fmt::format(R"({}{{"name":{},"types":{},"indices":{},"doc_values":{},"indexed":{}}})",
                        json.empty() ? "" : ",", JsonQuote(name),
                        Array({field->types.begin(), field->types.end()}), field->indices,
                        field->doc_values, field->indexed);
  }
  return "[" + json + "]";
}

}  // namespace

std::vector<std::string> Cures(const IndexFindings& findings) {
  const IndexLook& look = findings.look;
  std::vector<std::string> cures;
  if (!look.indices.closed.empty()) {
    cures.push_back(fmt::format(
        "{} closed indices can't be read, and periods that they may hold fail: open them, or leave "
        "them out (--index {},-NAME)",
        look.indices.closed.size(), Printable(findings.index)));
  }
  if (!look.layout) {
    cures.push_back(look.no_layout);
    return cures;
  }
  AddSlotCures(findings, &cures);
  if (!look.columns) {
    cures.push_back("nodes that read a part of the slots need whole documents, since " +
                    look.no_columns);
  }
  if (!look.layout->unfiltered.empty()) {
    cures.push_back(fmt::format(
        "spans of other kinds are read and dropped: the server can't filter by {} as the profile "
        "means it; map it as keyword in every index",
        Printable(look.layout->unfiltered)));
  }
  if (static_cast<size_t>(look.indices.result_window) < findings.page_spans) {
    cures.push_back(fmt::format(
        "index.max_result_window allows pages of {} spans only, where {} are configured: more "
        "requests",
        FormatExact(static_cast<uint64_t>(look.indices.result_window)),
        FormatExact(findings.page_spans)));
  }
  if (!look.version.HasPointInTime()) {
    cures.push_back(
        "the server has no points in time: a period must be read when its spans are all there "
        "(schedule.delay); one that changes meanwhile is read again");
  }
  if (findings.timeless > 0) {
    cures.push_back(fmt::format("{} documents have no {} and are in no period",
                                FormatExact(findings.timeless), look.layout->time.name));
  }
  return cures;
}

void WriteFindings(const IndexFindings& findings, std::ostream& out) {
  out << fmt::format("Server    {} at {}\n", findings.look.version.Text(), findings.servers);
  out << "Indices   " << IndicesText(findings) << '\n';
  out << "Profile   " << findings.profile.name
      << (findings.profile_reason.empty() ? "" : ": " + Printable(findings.profile_reason)) << '\n';
  WriteFields(findings, out);
  if (findings.look.layout) {
    WriteReading(findings, out);
    WriteCosts(findings, out);
  }
  const std::vector<std::string> cures = Cures(findings);
  out << (cures.empty() ? "\nNothing needs a change.\n" : "\nTo change:\n");
  for (const std::string& cure : cures) out << "- " << cure << ".\n";
}

void WriteFindingsJson(const IndexFindings& findings, std::ostream& out) {
  const IndexLook& look = findings.look;
  out << fmt::format(
      R"({{"server":{},"servers":{},"index":{},"open":{},"closed":{},"shards":{},)"
      R"("result_window":{},"profile":{},"profile_reason":{},"fields":{},"readable":{})",
      JsonQuote(look.version.Text()), JsonQuote(findings.servers), JsonQuote(findings.index),
      Array(look.indices.open), Array(look.indices.closed), look.indices.shards,
      look.indices.result_window, JsonQuote(findings.profile.name),
      JsonQuote(findings.profile_reason), FieldsJson(findings), look.layout.has_value());
  if (look.layout) {
    const IndexLayout& layout = *look.layout;
    out << fmt::format(
        R"(,"time_field":{},"slot_field":{},"slot_read":"{}","no_groups":{},"no_columns":{},)"
        R"("spans_without_time":{})",
        JsonQuote(layout.time.name), JsonQuote(layout.slot_field),
        worker::SlotReadName(look.slot_read), JsonQuote(layout.no_groups),
        JsonQuote(look.no_columns), findings.timeless);
  }
  if (findings.forecast) out << ",\"period\":" << ForecastJson(*findings.forecast);
  out << fmt::format(R"(,"to_change":{}}})", Array(Cures(findings))) << '\n';
}

}  // namespace tymbal::cli
