#include "common/znode_records.h"

#include <gtest/gtest.h>

#include <set>

#include "common/config.h"

namespace tymbal {
namespace {

TEST(ZnodeRecords, ComeBackAsTheyWere) {
  Member member;
  member.node = {"n\"1\\\n"};
  member.incarnation = "i";
  member.host = "支付";
  member.pid = 1;
  member.spans_read = 1ULL << 60;
  EXPECT_EQ(*DecodeMember(EncodeMember(member)), member);
  const Control control{true, "why not", 5};
  EXPECT_EQ(*DecodeControl(EncodeControl(control)), control);
  EXPECT_EQ(*DecodeEpoch(EncodeEpoch({7})), Epoch{7});
}

/// As many fragments as there are slots, each of a node whose name is as long as it may be and full
/// of what takes two bytes, and the greatest numbers.
TEST(ZnodeRecords, TheLargestTaskFits) {
  Task task{{INT64_MAX}, {INT64_MAX}, {INT64_MAX - 1, INT64_MAX}, kSlotsDefault, {}};
  for (uint32_t slot = 0; slot < kSlotsDefault; ++slot) {
    task.fragments.push_back({static_cast<int32_t>(slot),
                              {slot, slot + 1},
                              {std::string(kNodeIdBytesMax, '"')},
                              {INT64_MAX}});
  }
  const std::string text = EncodeTask(task);
  EXPECT_LT(text.size(), kZnodeBytesMax);
  EXPECT_EQ(*DecodeTask(text), task);
}

TEST(ZnodeRecords, RefuseWhatIsDamagedAndReadWhatHasMoreFields) {
  for (const char* text : {"", "{", "[]", "1", "{}", R"({"v":2})", R"({"v":1,"slots":-1})",
                           R"({"v":1,"epoch":"7"})", R"({"v":1,"fragments":[{"no":"x"}]})"}) {
    EXPECT_FALSE(DecodeTask(text).has_value()) << text;
  }
  EXPECT_EQ(DecodeTask(R"({"v":1,"epoch":7,"colour":"red"})")->epoch, Epoch{7});
  for (const char* text : {"", "x", "7x", " 7"})
    EXPECT_FALSE(DecodeEpoch(text).has_value()) << text;
}

TEST(ZnodeRecords, DifferentNodesHaveDifferentLegalNames) {
  const std::set<std::string> names = {ZnodeName("a"),  ZnodeName("a/b"), ZnodeName("a%2Fb"),
                                       ZnodeName(".."), ZnodeName("."),   ZnodeName(""),
                                       ZnodeName("n.1")};
  EXPECT_EQ(names.size(), 7U);
  for (const std::string& name : names) {
    EXPECT_EQ(name.find('/'), std::string::npos);
    EXPECT_NE(name, ".");
    EXPECT_NE(name, "..");
    EXPECT_FALSE(name.empty());
  }
  EXPECT_EQ(ZnodeName("n.1"), "n.1");
}

}  // namespace
}  // namespace tymbal
