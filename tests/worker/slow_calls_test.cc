#include "worker/slow_calls.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/histogram.h"

namespace tymbal::worker {
namespace {

Span SpanOf(const SlowCall& call) {
  Span span;
  span.duration_us = call.duration_us;
  span.start_ms = call.start_ms;
  span.error = call.error;
  span.trace_id = call.trace_id;
  span.span_id = call.span_id;
  return span;
}

TEST(SlowCalls, GiveBackWhatTheyTook) {
  for (const std::string& trace_id :
       {std::string(), std::string("0af7651916cd43dd8448eb211c80319c"), std::string("ABCDEF"),
        std::string("abc"), std::string(16, '0'), std::string(128, 'f'), std::string("a\0b", 3)}) {
    for (const std::string& span_id :
         {std::string(), std::string("b7ad6b7169203331"), std::string("1"), std::string("0.1.2"),
          std::string(128, 'x')}) {
      for (const uint64_t duration_us : {uint64_t{0}, uint64_t{1} << 40, kDurationMaxUs}) {
        const SlowCall call{duration_us, kStartEndMs - 1, true, trace_id, span_id};
        SlowCalls calls;
        calls.Offer(SpanOf(call), 1);
        EXPECT_EQ(calls.Sorted(), std::vector<SlowCall>{call});
      }
    }
  }
}

/// Ids of lower-case hex digits are kept as numbers, all others as texts.
TEST(SlowCalls, GiveBackIdsOfAnyBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    for (size_t place = 0; place < 11; ++place) {  // Eight digits are looked at together.
      std::string trace_id = "0af7651916cd43dd8448eb211c80319";
      std::string span_id = "00ad6b71692";
      trace_id[20 + place] = span_id[place] = static_cast<char>(byte);
      const SlowCall call{7, kStartMinMs, false, trace_id, span_id};
      SlowCalls calls;
      calls.Offer(SpanOf(call), 1);
      EXPECT_EQ(calls.Sorted(), std::vector<SlowCall>{call}) << byte << " at " << place;
    }
  }
}

TEST(SlowCalls, UsualIdsTakeNoMemoryOfTheirOwn) {
  constexpr size_t kCallBytes = 48;
  const SlowCall usual{7, kStartMinMs, false, "0af7651916cd43dd8448eb211c80319c",
                       "b7ad6b7169203331"};
  SlowCall other = usual;
  other.trace_id.back() = 'C';
  EXPECT_EQ(SlowCalls().Offer(SpanOf(usual), 1), kCallBytes);
  EXPECT_GT(SlowCalls().Offer(SpanOf(other), 1), kCallBytes);
}

TEST(SlowCalls, KeepTheSlowestInOrderWhateverTheOrderOfTheirComing) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<SlowCall> calls(random() % 40);
    for (SlowCall& call : calls) {  // Few values: many ties in every member.
      call = {random() % 4, static_cast<int64_t>(random() % 2), random() % 2 == 0,
              std::string(1, static_cast<char>('a' + random() % 2)), random() % 2 ? "1" : "x"};
    }
    SlowCalls one;
    SlowCalls two;
    const size_t limit = 1 + random() % 6;
    for (const SlowCall& call : calls) {
      (random() % 2 ? one : two).Offer(SpanOf(call), limit);
    }
    one.Merge(std::move(two), limit);
    std::sort(calls.begin(), calls.end(), Slower);
    calls.resize(std::min(calls.size(), limit));
    EXPECT_EQ(one.Sorted(), calls);
    EXPECT_EQ(one.min_us(limit), calls.size() == limit ? calls.back().duration_us : 0);
  }
}

}  // namespace
}  // namespace tymbal::worker
