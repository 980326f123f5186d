#include "search/count_answer.h"

#include "search/answer_envelope.h"
#include "search/hits_page.h"

namespace tymbal::search {

Result<CountAnswer> CountAnswer::Parse(const HttpBody& body, SearchView* view) {
  HitsPageParser parser;
  HitsPage page;
  TYMBAL_RETURN_IF_ERROR(parser.Parse(body, &page));
  TYMBAL_RETURN_IF_ERROR(view->Accept(page.envelope));
  if (!page.envelope.hits_total || !page.envelope.hits_total_exact) {
    return Unavailable("the answer doesn't say how many records there are");
  }
  CountAnswer answer;
  if (answer.parser_->parse(body.text().data(), body.size).get(answer.root_) != simdjson::SUCCESS) {
    return Unavailable("the answer is no JSON");
  }
  answer.total_ = *page.envelope.hits_total;
  return answer;
}

}  // namespace tymbal::search
