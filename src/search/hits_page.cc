#include "search/hits_page.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "common/text.h"
#include "search/server_error.h"

namespace tymbal::search {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr size_t kExcerptBytes = 200;

std::string_view WithoutQuotes(std::string_view token) {
  const size_t end = token.rfind('"');
  if (token.empty() || token.front() != '"' || end == 0) return {};
  return token.substr(1, end - 1);
}

/// Other orders have texts, or more values: nobody asks for the position then.
error_code ReadPosition(ondemand::value value, Position* position) {
  ondemand::array values;
  if (const auto code = value.get_array().get(values)) return code;
  auto next = position->begin();
  for (auto one : values) {
    if (next == position->end() || one.get_int64().get(*next++) != simdjson::SUCCESS) break;
  }
  return simdjson::SUCCESS;
}

error_code ReadHit(ondemand::object object, Hit* hit) {
  for (auto field : object) {
    ondemand::raw_json_string key;  // No server escapes these keys, so they are taken as they are.
    if (const auto code = field.key().get(key)) return code;
    ondemand::value value;
    if (const auto code = field.value().get(value)) return code;
    if (key == "_source" || (key == "fields" && hit->record.empty())) {
      ondemand::object record;
      if (const auto code = value.get_object().get(record)) return code;
      if (const auto code = record.raw_json().get(hit->record)) return code;
    } else if (key == "_id") {
      hit->id = WithoutQuotes(value.raw_json_token());
    } else if (key == "_index") {
      hit->index = WithoutQuotes(value.raw_json_token());
    } else if (key == "sort") {
      if (const auto code = ReadPosition(value, &hit->position)) return code;
    }
  }
  return simdjson::SUCCESS;
}

/// `hits.total` is a number on Elasticsearch 6, an object from 7 on.
error_code ReadTotal(ondemand::value value, AnswerEnvelope* envelope) {
  ondemand::json_type type{};
  if (const auto code = value.type().get(type)) return code;
  uint64_t total = 0;
  if (type == ondemand::json_type::number) {
    if (const auto code = value.get_uint64().get(total)) return code;
    envelope->hits_total = total;
    return simdjson::SUCCESS;
  }
  if (type != ondemand::json_type::object) return simdjson::SUCCESS;
  ondemand::object object;
  if (const auto code = value.get_object().get(object)) return code;
  for (auto field : object) {
    std::string_view key;
    if (const auto code = field.unescaped_key().get(key)) return code;
    if (key == "value") {
      if (const auto code = field.value().get_uint64().get(total)) return code;
      envelope->hits_total = total;
    } else if (key == "relation") {
      std::string_view relation;
      if (const auto code = field.value().get_string().get(relation)) return code;
      envelope->hits_total_exact = relation == "eq";
    }
  }
  return simdjson::SUCCESS;
}

error_code ReadHits(ondemand::object object, HitsPage* page) {
  for (auto field : object) {
    std::string_view key;
    if (const auto code = field.unescaped_key().get(key)) return code;
    ondemand::value value;
    if (const auto code = field.value().get(value)) return code;
    if (key == "total") {
      if (const auto code = ReadTotal(value, &page->envelope)) return code;
    } else if (key == "hits") {
      ondemand::array list;
      if (const auto code = value.get_array().get(list)) return code;
      page->has_hits = true;
      for (auto element : list) {
        ondemand::object one;
        if (const auto code = element.get_object().get(one)) return code;
        if (const auto code = ReadHit(one, &page->hits.emplace_back())) return code;
      }
    }
  }
  return simdjson::SUCCESS;
}

error_code ReadCounts(ondemand::object object,
                      std::initializer_list<std::pair<std::string_view, int64_t*>> wanted,
                      std::string* failures) {
  for (auto field : object) {
    std::string_view key;
    if (const auto code = field.unescaped_key().get(key)) return code;
    ondemand::value value;
    if (const auto code = field.value().get(value)) return code;
    for (const auto& [name, number] : wanted) {
      if (key != name) continue;
      if (const auto code = value.get_int64().get(*number)) return code;
    }
    if (key == "failures" && failures != nullptr) {
      ondemand::array list;
      std::string_view raw;
      if (const auto code = value.get_array().get(list)) return code;
      if (const auto code = list.raw_json().get(raw)) return code;
      *failures = DescribeFailures(raw);
    }
  }
  return simdjson::SUCCESS;
}

error_code ReadField(std::string_view key, ondemand::value value, HitsPage* page) {
  AnswerEnvelope& envelope = page->envelope;
  if (key == "timed_out") return value.get_bool().get(envelope.timed_out);
  if (key == "pit_id" || key == "_scroll_id") {
    std::string_view id;
    if (const auto code = value.get_string().get(id)) return code;
    (key == "pit_id" ? envelope.point_in_time : page->scroll_id) = id;
    return simdjson::SUCCESS;
  }
  if (key != "_shards" && key != "_clusters" && key != "hits") return simdjson::SUCCESS;
  ondemand::object object;
  if (const auto code = value.get_object().get(object)) return code;
  if (key == "hits") return ReadHits(object, page);
  if (key == "_clusters") {
    return ReadCounts(
        object, {{"skipped", &envelope.clusters_skipped}, {"partial", &envelope.clusters_partial}},
        nullptr);
  }
  envelope.has_shards = true;
  return ReadCounts(object,
                    {{"total", &envelope.shards_total},
                     {"successful", &envelope.shards_successful},
                     {"failed", &envelope.shards_failed}},
                    &envelope.first_failure);
}

}  // namespace

struct HitsPageParser::Parser {
  ondemand::parser parser;
};

HitsPageParser::HitsPageParser() : parser_(std::make_unique<Parser>()) {}
HitsPageParser::~HitsPageParser() = default;

Status HitsPageParser::Parse(std::string_view answer, HitsPage* page) {
  page->envelope = {};
  page->has_hits = false;
  page->hits.clear();
  page->scroll_id.clear();
  const auto read = [&]() -> error_code {
    ondemand::document document;
    ondemand::object object;
    if (const auto code =
            parser_->parser.iterate(answer.data(), answer.size(), answer.size() + kBodyPadding)
                .get(document)) {
      return code;
    }
    if (const auto code = document.get_object().get(object)) return code;
    for (auto field : object) {
      std::string_view key;
      if (const auto code = field.unescaped_key().get(key)) return code;
      ondemand::value value;
      if (const auto code = field.value().get(value)) return code;
      if (const auto code = ReadField(key, value, page)) return code;
    }
    // Nothing may follow.
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS ? simdjson::SUCCESS
                                                                          : simdjson::TAPE_ERROR;
  };
  if (const auto code = read()) {
    return Unavailable(fmt::format(
        "the answer is no JSON of a search ({}); does source.elasticsearch.hosts name a "
        "search server? It begins with: {}",
        simdjson::error_message(code), Printable(answer.substr(0, kExcerptBytes))));
  }
  return Status::Ok();
}

}  // namespace tymbal::search
