#include "master/member_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace tymbal::master {
namespace {

bool IsLoopback(std::string_view address) {
  return address == "localhost" || address.starts_with("localhost:") ||
         address.starts_with("127.") || address == "::1" || address.starts_with("[::1]");
}

std::string FormatSeconds(int64_t ms) {
  return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
}

void CheckClocks(const std::vector<Member>& members, std::vector<std::string>* warnings) {
  for (const Member& member : members) {
    const int64_t ahead_ms = ClockAheadMs(member);
    if (ahead_ms <= kClockDifferenceMaxMs && ahead_ms >= -kClockDifferenceMaxMs) continue;
    warnings->push_back(fmt::format(
        "the clock of node {} is {} {} the coordinator's: run NTP there", member.node.value,
        FormatSeconds(ahead_ms < 0 ? -ahead_ms : ahead_ms), ahead_ms < 0 ? "behind" : "ahead of"));
  }
}

void CheckAddresses(const std::vector<Member>& members, std::vector<std::string>* warnings) {
  // Machines with one configuration may all say "localhost": then only the machines differ.
  std::set<std::string_view> hosts;
  std::set<std::string_view> machines;
  for (const Member& member : members) {
    hosts.insert(member.host);
    if (!member.machine.empty()) machines.insert(member.machine);
  }
  const size_t count = std::max(hosts.size(), machines.size());
  if (count < 2) return;
  for (const Member& member : members) {
    if (!IsLoopback(member.host) && !IsLoopback(member.http)) continue;
    warnings->push_back(
        fmt::format("node {} is registered with the loopback address {}, though the cluster has {} "
                    "hosts: set its node.advertise",
                    member.node.value, IsLoopback(member.host) ? member.host : member.http, count));
  }
}

void CheckVersions(const std::vector<Member>& members, std::vector<std::string>* warnings) {
  std::set<std::string> versions;
  for (const Member& member : members) versions.insert(member.version);
  if (versions.size() < 2) return;
  std::string list;
  for (const std::string& version : versions) {
    if (!list.empty()) list += ", ";
    list += version;
  }
  warnings->push_back("the nodes run different versions: " + list);
}

}  // namespace

int64_t ClockAheadMs(const Member& member) {
  return member.heard_ms == 0 ? 0 : member.clock_ms - member.heard_ms;
}

std::vector<std::string> CheckMembers(const std::vector<Member>& members) {
  std::vector<std::string> warnings;
  CheckClocks(members, &warnings);
  CheckAddresses(members, &warnings);
  CheckVersions(members, &warnings);
  return warnings;
}

}  // namespace tymbal::master
