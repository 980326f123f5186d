#include "search/hits_page.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <cstring>

#include "common/check.h"
#include "common/prefetch.h"
#include "common/text.h"
#include "search/server_error.h"

namespace tymbal::search {
namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;

constexpr size_t kExcerptBytes = 200;

/// Goes along the marks of an answer. What it finds out of place is said by false.
class Walk {
 public:
  Walk() = default;
  Walk(std::string_view text, const JsonIndex& index) : text_(text), marks_(index.marks()) {}

  /// Sets `value` to the object or list whose first mark is `first`, and that has `count` of them.
  void SetBracketed(size_t first, size_t count, MarkedJson* value) const {
    value->text = text_.substr(marks_[first], marks_[first + count - 1] + 1 - marks_[first]);
    value->base = text_.data();
    value->marks = marks_.subspan(first);
  }

  size_t mark() const { return mark_; }
  void GoTo(size_t mark) { mark_ = mark; }
  /// Returns the byte at a mark; 0: there are fewer.
  char At(size_t mark) const { return mark < marks_.size() ? text_[marks_[mark]] : '\0'; }
  char Here() const { return At(mark_); }
  size_t offset() const { return mark_ < marks_.size() ? marks_[mark_] : text_.size(); }

  /// Starts to load what comes some hits later: an answer is larger than the nearer caches.
  void Prefetch() const {
    constexpr size_t kAhead = 1536;
    constexpr size_t kHitBytes = 384;  // A usual one.
    PrefetchLines(text_.data() + offset() + kAhead, kHitBytes);
  }

  bool Take(char bracket_or_comma) {
    if (Here() != bracket_or_comma) return false;
    ++mark_;
    return true;
  }

  /// Takes a string, with its quotes; empty: here is none.
  std::string_view TakeString() {
    if (Here() != '"') return {};
    const size_t begin = offset();
    ++mark_;
    size_t end = offset();
    while (text_[end - 1] != '"') --end;  // Blanks.
    return text_.substr(begin, end - begin);
  }

  /// Takes a value of any kind.
  bool TakeValue(MarkedJson* value) {
    const char first = Here();
    if (first == '\0' || first == ',' || first == ':' || first == '}' || first == ']') return false;
    if (first == '{' || first == '[') {
      const size_t count = CountMarks(text_.data(), marks_, mark_);
      if (count == 0) return false;
      SetBracketed(mark_, count, value);
      mark_ += count;
      return true;
    }
    const size_t begin = offset();
    value->base = text_.data();
    value->marks = marks_.subspan(mark_);
    ++mark_;
    value->text = text_.substr(begin, offset() - begin);
    return true;
  }

  /// Takes an object; `take` takes each value.
  template <typename TakeMember>
  bool TakeObject(TakeMember take) {
    if (!Take('{')) return false;
    if (Take('}')) return true;
    do {
      const std::string_view key = TakeString();
      if (key.empty() || !Take(':') || !take(key)) return false;
    } while (Take(','));
    return Take('}');
  }

 private:
  std::string_view text_;
  std::span<const uint32_t> marks_;
  size_t mark_ = 0;  // The next one.
};

/// Whether a key, with its quotes, is this one. Their length is known, so no call is needed.
template <size_t kSize>
bool Is(std::string_view key, const char (&name)[kSize]) {
  return key.size() == kSize - 1 && std::memcmp(key.data(), name, kSize - 1) == 0;
}

std::string_view WithoutQuotes(std::string_view token) {
  const size_t end = token.rfind('"');
  if (token.empty() || token.front() != '"' || end == 0) return {};
  return token.substr(1, end - 1);
}

/// No server escapes the keys of hits, so they are taken as they stand there. Values are taken
/// where they stay: to copy one that was just written waits for the processor's store buffer.
bool ReadHit(Walk* walk, Hit* hit) {
  MarkedJson other;
  return walk->TakeObject([&](std::string_view key) {
    if (Is(key, R"("_source")") || (Is(key, R"("fields")") && hit->record.text.empty())) {
      return walk->TakeValue(&hit->record) && hit->record.text.front() == '{';
    }
    if (Is(key, R"("sort")")) return walk->TakeValue(&hit->sort);
    if (!walk->TakeValue(&other)) return false;
    if (Is(key, R"("_id")")) {
      hit->id = WithoutQuotes(other.text);
    } else if (Is(key, R"("_index")")) {
      hit->index = WithoutQuotes(other.text);
    }
    return true;
  });
}

/// Goes to the list `hits` in the object `hits`; false: there is none.
bool FindHits(Walk* walk) {
  for (int depth = 0; depth < 2; ++depth) {
    if (!walk->Take('{')) return false;
    while (true) {
      const std::string_view key = walk->TakeString();
      if (key.empty() || !walk->Take(':')) return false;
      if (key == R"("hits")") break;
      MarkedJson value;
      if (!walk->TakeValue(&value) || !walk->Take(',')) return false;
    }
  }
  return walk->Here() == '[';
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
      ondemand::array list;  // Nothing is left in it here.
      if (const auto code = value.get_array().get(list)) return code;
      page->has_hits = true;
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
  error_code ReadEnvelope();
  Status Bad(std::string_view what) const;

  ondemand::parser parser;
  // Of the answer at hand:
  std::string_view answer;
  HitsPage* page = nullptr;
  Walk walk;
  bool in_list = false;     // Hits may follow.
  std::string envelope;     // The answer without its hits.
  MarkedJson hit;           // The last one, or what seems to be the next.
  size_t marks_of_hit = 0;  // 0: none was taken yet.
};

Status HitsPageParser::Parser::Bad(std::string_view what) const {
  return Unavailable(
      fmt::format("the answer is no JSON of a search ({}); does source.elasticsearch.hosts name a "
                  "search server? It begins with: {}",
                  what, Printable(answer.substr(0, kExcerptBytes))));
}

error_code HitsPageParser::Parser::ReadEnvelope() {
  const size_t size = envelope.size();
  envelope.append(kBodyPadding, ' ');
  ondemand::document document;
  ondemand::object object;
  if (const auto code = parser.iterate(envelope.data(), size, envelope.size()).get(document)) {
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
}

Position PositionOf(const Hit& hit) {
  Position position{};
  const char* next = hit.sort.text.data();
  const char* const end = next + hit.sort.text.size();
  for (int64_t& number : position) {
    if (end - next < 2) break;
    const auto parsed = std::from_chars(next + 1, end, number);  // Behind the bracket or comma.
    if (parsed.ec != std::errc()) break;
    next = parsed.ptr;
  }
  return position;
}

HitsPageParser::HitsPageParser() : parser_(std::make_unique<Parser>()) {}
HitsPageParser::~HitsPageParser() = default;

Status HitsPageParser::Parse(std::string_view answer, HitsPage* page) {
  static constexpr Hit kNone;  // Copied, which is quicker than to make one of nothing.
  page->hits.clear();
  TYMBAL_RETURN_IF_ERROR(Begin(answer, page));
  while (true) {
    TYMBAL_ASSIGN_OR_RETURN(const bool more, Next(&page->hits.emplace_back(kNone)));
    if (!more) break;
  }
  page->hits.pop_back();
  return End();
}

Status HitsPageParser::Begin(std::string_view answer, HitsPage* page) {
  Parser& p = *parser_;
  p.answer = answer;
  p.page = page;
  p.marks_of_hit = 0;
  page->envelope = {};
  page->has_hits = false;
  page->scroll_id.clear();
  if (const Status status = page->marks.Build(answer); !status.ok()) return p.Bad(status.message());
  // The hits are most of the answer: they are found by their marks, and only the rest is parsed.
  p.walk = Walk(answer, page->marks);
  p.in_list = FindHits(&p.walk);
  p.envelope = answer.substr(0, p.in_list ? p.walk.offset() : answer.size());
  if (p.in_list) p.walk.Take('[');
  return Status::Ok();
}

Result<bool> HitsPageParser::Next(Hit* hit) {
  Parser& p = *parser_;
  if (!p.in_list) return false;
  if (p.walk.Take(']')) {
    p.in_list = false;
    p.envelope.append("[]").append(p.answer.substr(p.walk.offset()));
    return false;
  }
  const bool follows = p.marks_of_hit == 0 || p.walk.Take(',');
  const size_t first = p.walk.mark();
  p.walk.Prefetch();
  if (!follows || !ReadHit(&p.walk, hit)) {
    return p.Bad(simdjson::error_message(simdjson::TAPE_ERROR));
  }
  p.marks_of_hit = p.walk.mark() - first;
  p.walk.SetBracketed(first, p.marks_of_hit, &p.hit);
  return true;
}

const MarkedJson& HitsPageParser::last_hit() const { return parser_->hit; }

const MarkedJson* HitsPageParser::Guess() {
  Parser& p = *parser_;
  const Walk& walk = p.walk;
  const size_t first = walk.mark() + 1;
  const size_t behind = first + p.marks_of_hit;
  const bool seems_one = p.in_list && p.marks_of_hit > 0 && walk.Here() == ',' &&
                         walk.At(first) == '{' && walk.At(behind - 1) == '}' &&
                         (walk.At(behind) == ',' || walk.At(behind) == ']');
  if (!seems_one) return nullptr;
  walk.Prefetch();
  walk.SetBracketed(first, p.marks_of_hit, &p.hit);
  return &p.hit;
}

void HitsPageParser::Accept() {
  Parser& p = *parser_;
  p.walk.GoTo(p.walk.mark() + 1 + p.marks_of_hit);
}

Status HitsPageParser::End() {
  Parser& p = *parser_;
  TYMBAL_CHECK(!p.in_list, "hits are left");
  if (const auto code = p.ReadEnvelope()) return p.Bad(simdjson::error_message(code));
  return Status::Ok();
}

}  // namespace tymbal::search
