#include "search/server_error.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "common/text.h"

namespace tymbal::search {
namespace {

namespace dom = simdjson::dom;

constexpr size_t kReasonBytesMax = 300;

std::string Cut(std::string_view text) {
  std::string shown = Printable(text.substr(0, kReasonBytesMax));
  return text.size() > kReasonBytesMax ? shown + "…" : shown;
}

std::string Text(dom::element element, std::string_view key) {
  std::string_view text;
  if (element[key].get(text) == simdjson::SUCCESS) return std::string(text);
  int64_t number = 0;
  return element[key].get(number) == simdjson::SUCCESS ? std::to_string(number) : "";
}

/// The reason at the bottom of the chain of causes: the only one that says something.
std::string Reason(dom::element reason) {
  dom::element cause;
  for (int depth = 0; depth < 8 && reason["caused_by"].get(cause) == simdjson::SUCCESS; ++depth) {
    reason = cause;
  }
  return Cut(Text(reason, "type") + ": " + Text(reason, "reason"));
}

std::string DescribeFailure(dom::element failure) {
  std::string text =
      fmt::format("index {}, shard {}", Text(failure, "index"), Text(failure, "shard"));
  if (const std::string node = Text(failure, "node"); !node.empty()) text += ", node " + node;
  dom::element reason;
  if (failure["reason"].get(reason) == simdjson::SUCCESS) text += ": " + Reason(reason);
  return text;
}

/// What an error object of the server says.
struct ServerReason {
  std::string type;   ///< Of the root cause, for instance index_not_found_exception.
  std::string shown;  ///< All that helps a person.
};

ServerReason ReadReason(const HttpAnswer& answer, const HttpBody& body) {
  dom::parser parser;
  dom::element root;
  if (parser.parse(body.text().data(), body.size).get(root) != simdjson::SUCCESS) {
    return {"", Cut(fmt::format("no answer of a search server ({}): {}", answer.content_type,
                                body.text().substr(0, kReasonBytesMax)))};
  }
  dom::element error;
  if (root["error"].get(error) != simdjson::SUCCESS) error = root;
  std::string_view plain;
  if (error.get(plain) == simdjson::SUCCESS) return {"", Cut(plain)};
  ServerReason reason;
  dom::element cause;
  if (error.at_pointer("/root_cause/0").get(cause) != simdjson::SUCCESS) cause = error;
  reason.type = Text(cause, "type");
  if (reason.type.empty()) reason.type = Text(error, "type");
  reason.shown = Reason(cause);
  dom::array failed;
  if (error["failed_shards"].get(failed) == simdjson::SUCCESS && failed.size() > 0) {
    reason.shown = DescribeFailure(failed.at(0));
  }
  return reason;
}

}  // namespace

std::string DescribeFailures(std::string_view failures_json) {
  dom::parser parser;
  dom::array list;
  const simdjson::padded_string copy(failures_json);
  if (parser.parse(copy).get(list) != simdjson::SUCCESS || list.size() == 0) return "";
  return DescribeFailure(list.at(0));
}

Status ErrorOf(std::string_view request, const HttpAnswer& answer, const HttpBody& body) {
  const ServerReason reason = ReadReason(answer, body);
  const std::string text =
      fmt::format("{} at {}: status {}: {}", request, answer.host, answer.status, reason.shown);
  if (answer.status == 404 && reason.type == "search_context_missing_exception") {
    return Unavailable("the point in time is gone: " + text);
  }
  if (reason.type == "circuit_breaking_exception" &&
      body.text().find("\"PERMANENT\"") != std::string_view::npos) {
    return Exhausted("the answer is too big for the server's memory: " + text);
  }
  // A failure of the server's own on Elasticsearch 6, of the request later.
  if (body.text().find("Result window is too large") != std::string_view::npos) {
    return Exhausted(text);
  }
  switch (answer.status) {
    case 401:
      return InvalidArgument(
          text + ". User, password or key are wrong or missing; see source.elasticsearch");
    case 403:
      return InvalidArgument(
          text + ". The user lacks rights: read and view_index_metadata on the indices");
    case 404:
      return NotFound(text);
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return Unavailable(text);
    default:
      break;
  }
  if (answer.status >= 300 && answer.status < 400) {
    return InvalidArgument(text + ". Redirects are not followed: name the server itself");
  }
  return BadInput(text);
}

}  // namespace tymbal::search
