#include "generate/endpoint_names.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "common/check.h"

namespace tymbal::generate {
namespace {

using Word = std::string_view;

// All with a regular plural.
constexpr std::array<Word, 40> kNouns = {
    "order",   "payment", "product",      "customer", "shipment",    "cart",     "invoice",
    "account", "review",  "coupon",       "price",    "reward",      "supplier", "warehouse",
    "return",  "refund",  "subscription", "profile",  "session",     "report",   "campaign",
    "offer",   "booking", "ticket",       "contract", "claim",       "ledger",   "wallet",
    "voucher", "message", "device",       "location", "employee",    "schedule", "document",
    "article", "parcel",  "discount",     "basket",   "notification"};
constexpr std::array<Word, 6> kRoles = {"service", "api",     "worker",
                                        "gateway", "backend", "adapter"};
constexpr std::array<Word, 20> kVerbs = {"get",     "find",   "create", "list",     "update",
                                         "search",  "count",  "delete", "validate", "submit",
                                         "confirm", "cancel", "lookup", "approve",  "assign",
                                         "merge",   "import", "export", "lock",     "archive"};
constexpr std::array<Word, 10> kQualifiers = {"",         "ById",     "ByCustomer", "ByStatus",
                                              "ByRegion", "ByDate",   "ByTenant",   "ByReference",
                                              "ByOwner",  "ByChannel"};
constexpr std::array<Word, 4> kSuffixes = {"Api", "Service", "Facade", "Query"};
constexpr std::array<Word, 8> kJobVerbs = {"rebuild", "purge",     "sync",   "refresh",
                                           "expire",  "reconcile", "rotate", "compact"};
constexpr std::array<std::pair<Word, Word>, 10> kRoutes = {{{"GET", "/{id}"},
                                                            {"GET", ""},
                                                            {"POST", ""},
                                                            {"PUT", "/{id}"},
                                                            {"GET", "/search"},
                                                            {"DELETE", "/{id}"},
                                                            {"PATCH", "/{id}"},
                                                            {"POST", "/{id}/cancel"},
                                                            {"GET", "/{id}/history"},
                                                            {"POST", "/batch"}}};
constexpr std::array<Word, 10> kEvents = {"created",  "updated",  "paid",      "cancelled",
                                          "shipped",  "returned", "confirmed", "expired",
                                          "archived", "failed"};
constexpr std::array<Word, 5> kStatements = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"};
constexpr std::array<Word, 6> kForeignWords = {"Größe", "価格", "Café", "Заказ", "订单", "🚚"};

/// What the methods of an app are; each app has all of them in the proportions of kPattern.
enum class Style : uint8_t { kRpc, kController, kRoute, kGrpc, kQueue, kTable, kJob };
constexpr std::array<Style, 16> kPattern = {
    Style::kRpc,   Style::kRoute,      Style::kController, Style::kRpc,
    Style::kGrpc,  Style::kRpc,        Style::kRoute,      Style::kRpc,
    Style::kTable, Style::kController, Style::kRpc,        Style::kQueue,
    Style::kRoute, Style::kGrpc,       Style::kRpc,        Style::kJob};

/// A number that is taken apart digit by digit, each with its own base: different numbers give
/// different digits, which is why the names below are distinct.
class Digits {
 public:
  explicit Digits(uint32_t number) : rest_(number) {}

  uint32_t Take(size_t base) {
    const auto digit = static_cast<uint32_t>(rest_ % base);
    rest_ /= static_cast<uint32_t>(base);
    return digit;
  }
  /// Takes a digit and returns the word at it, `shift` further on, around the end.
  template <size_t kSize>
  Word Pick(const std::array<Word, kSize>& words, uint32_t shift = 0) {
    return words[(Take(kSize) + shift) % kSize];
  }
  uint32_t Rest() const { return rest_; }

 private:
  uint32_t rest_;
};

std::string Capital(Word word) {
  std::string text(word);
  text[0] = static_cast<char>(text[0] - 'a' + 'A');  // All words begin with a small letter.
  return text;
}

/// Returns "" for version 0, then `prefix`2, `prefix`3, …
std::string Version(const char* prefix, uint32_t version) {
  if (version == 0) return "";
  return std::string(prefix) + std::to_string(version + 1);
}

std::string AppName(uint32_t app, uint32_t domain) {
  Digits digits(app / static_cast<uint32_t>(kNouns.size()));
  const Word role = digits.Pick(kRoles, domain % 3);
  return std::string(kNouns[domain]) + '-' + std::string(role) + Version("-", digits.Rest());
}

// Each of these names the endpoint of a style in an app whose number is in `digits`.
void NameRpc(Digits digits, uint32_t domain, NamedEndpoint* endpoint) {
  const std::string verb(digits.Pick(kVerbs, 7 * domain));
  const Word suffix = digits.Pick(kSuffixes);
  const std::string entity = Capital(digits.Pick(kNouns, domain));
  const Word qualifier = digits.Pick(kQualifiers);
  endpoint->name.service = "com.acme." + std::string(kNouns[domain]) +
                           Version(".v", digits.Rest()) + '.' + entity + std::string(suffix);
  endpoint->name.method = verb + entity + std::string(qualifier);
}

std::string Route(Digits digits, uint32_t domain) {
  const auto& [verb, tail] = kRoutes[(digits.Take(kRoutes.size()) + domain) % kRoutes.size()];
  const uint32_t parent = digits.Take(kNouns.size() + 1);  // 0: no parent.
  const Word noun = digits.Pick(kNouns, domain);
  std::string route = std::string(verb) + " /api" + Version("/v", digits.Rest());
  if (parent != 0) {
    const Word parent_noun = kNouns[parent - 1];
    route += '/' + std::string(parent_noun) + "s/{" + std::string(parent_noun) + "Id}";
  }
  return route + '/' + std::string(noun) + 's' + std::string(tail);
}

void NameGrpc(Digits digits, uint32_t domain, NamedEndpoint* endpoint) {
  const std::string verb = Capital(digits.Pick(kVerbs, 3 * domain));
  const std::string entity = Capital(digits.Pick(kNouns, domain));
  const Word qualifier = digits.Pick(kQualifiers);
  endpoint->name.service = "acme." + std::string(kNouns[domain]) + ".v" +
                           std::to_string(digits.Rest() + 1) + '.' + entity + "Service";
  endpoint->name.method = verb + entity + std::string(qualifier);
}

void NameQueue(Digits digits, uint32_t domain, NamedEndpoint* endpoint) {
  const bool consumes = digits.Take(2) == 0;
  const Word event = digits.Pick(kEvents, domain);
  const Word noun = digits.Pick(kNouns, domain);
  endpoint->kind = consumes ? SpanKind::kConsumer : SpanKind::kProducer;
  endpoint->name.method = std::string(noun) + '.' + std::string(event) +
                          Version(".v", digits.Rest()) + (consumes ? " process" : " publish");
}

void NameTable(Digits digits, uint32_t domain, NamedEndpoint* endpoint) {
  const std::string statement(digits.Pick(kStatements));
  const Word noun = digits.Pick(kNouns, domain);
  endpoint->kind = SpanKind::kClient;
  endpoint->name.method =
      statement + " shop." + std::string(noun) + 's' + Version("_", digits.Rest());
}

void NameJob(Digits digits, uint32_t domain, NamedEndpoint* endpoint) {
  const std::string verb(digits.Pick(kJobVerbs, domain));
  const std::string entity = Capital(digits.Pick(kNouns, domain));
  const Word qualifier = digits.Pick(kQualifiers);
  endpoint->kind = SpanKind::kInternal;
  endpoint->name.service = "com.acme." + std::string(kNouns[domain]) + ".job" +
                           Version("", digits.Rest()) + '.' + entity + "Job";
  endpoint->name.method = verb + entity + 's' + std::string(qualifier);
}

/// Adds what trips naive readers to few methods. No other name has these characters, so names stay
/// distinct.
void Decorate(uint32_t index, bool is_route, std::string* method) {
  const uint32_t turn = index / 400;
  if (index % 400 == 137) {
    if (turn % 2 == 0) {
      *method += is_route ? "/{key:\\w+}" : "\\legacy";
    } else {
      *method += is_route ? "?view=\"full\"" : "(\"eu\")";
    }
  }
  if (index % 400 == 57) {
    if (is_route) *method += '/';
    *method += kForeignWords[turn % kForeignWords.size()];
  }
}

}  // namespace

std::string_view SpanKindName(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return "server";
    case SpanKind::kClient:
      return "client";
    case SpanKind::kProducer:
      return "producer";
    case SpanKind::kConsumer:
      return "consumer";
    case SpanKind::kInternal:
      return "internal";
  }
  TYMBAL_CHECK(false, "no such kind");
}

NamedEndpoint MakeEndpoint(uint32_t index, uint32_t apps) {
  const uint32_t app = index % apps;
  const auto domain = static_cast<uint32_t>(app % kNouns.size());
  // Apps begin at different places of the pattern, so that the popular endpoints are a mixture.
  const auto place = static_cast<uint32_t>(index / apps + app % kPattern.size());
  const size_t position = place % kPattern.size();
  const Style style = kPattern[position];
  uint32_t before = 0;  // Positions of this style before this one, and in the whole pattern.
  uint32_t all = 0;
  for (size_t i = 0; i < kPattern.size(); ++i) {
    if (kPattern[i] != style) continue;
    if (i < position) ++before;
    ++all;
  }
  const auto round = static_cast<uint32_t>(place / kPattern.size());
  const Digits digits(round * all + before);

  NamedEndpoint endpoint;
  endpoint.name.app = AppName(app, domain);
  switch (style) {
    case Style::kRpc:
      NameRpc(digits, domain, &endpoint);
      break;
    case Style::kController:
      endpoint.name.service = "com.acme." + std::string(kNouns[domain]) + ".web." +
                              Capital(kNouns[domain]) + "Controller";
      endpoint.name.method = Route(digits, domain);
      break;
    case Style::kRoute:
      endpoint.name.method = Route(digits, domain);
      break;
    case Style::kGrpc:
      NameGrpc(digits, domain, &endpoint);
      break;
    case Style::kQueue:
      NameQueue(digits, domain, &endpoint);
      break;
    case Style::kTable:
      NameTable(digits, domain, &endpoint);
      break;
    case Style::kJob:
      NameJob(digits, domain, &endpoint);
      break;
  }
  const bool is_route = style == Style::kRoute || style == Style::kController;
  Decorate(index, is_route, &endpoint.name.method);
  return endpoint;
}

}  // namespace tymbal::generate
