#include "common/local_coordinator.h"
#include "contract/coordinator_contract.h"

namespace tymbal {
namespace {

const Member kSelf{.node = {"node-1"}, .incarnation = "incarnation-1", .host = "localhost"};
const MasterRecord kMaster{.node = {"node-1"}, .incarnation = "incarnation-1"};

Task TaskOf(Epoch epoch, RunId run) {
  return {epoch, run, {0, 60'000}, 1024, {{0, {0, 1024}, {"node-1"}, {7}}}};
}

TEST_P(CoordinatorContract, AMemberIsListedOnceItHasJoined) {
  const auto members = [this] {
    return Await<Result<std::vector<Member>>>(
        [this](auto reply) { coordinator_->ReadMembers(std::move(reply)); });
  };
  EXPECT_TRUE(members()->empty());
  ASSERT_TRUE(Do([this](auto done) { coordinator_->Join(kSelf, std::move(done)); }).ok());
  EXPECT_EQ(*members(), std::vector<Member>{kSelf});
}

TEST_P(CoordinatorContract, TheFirstToCampaignIsMasterUntilItResigns) {
  const auto campaign = [this](const MasterRecord& who) {
    return *Await<Result<MasterRecord>>(
        [&](auto reply) { coordinator_->Campaign(who, std::move(reply)); });
  };
  const MasterRecord other{.node = {"node-2"}, .incarnation = "incarnation-2"};
  EXPECT_EQ(campaign(kMaster), kMaster);
  EXPECT_EQ(campaign(kMaster), kMaster);
  EXPECT_EQ(campaign(other), kMaster);
  ASSERT_TRUE(Do([this](auto done) { coordinator_->Resign(std::move(done)); }).ok());
  EXPECT_EQ(campaign(other), other);
}

TEST_P(CoordinatorContract, ATaskIsReadAsItWasPublished) {
  const auto read = [this] {
    return *Await<Result<std::optional<Task>>>(
        [this](auto reply) { coordinator_->ReadTask(std::move(reply)); });
  };
  EXPECT_EQ(read(), std::nullopt);
  BecomeMaster();
  ASSERT_TRUE(Do([this](auto done) { coordinator_->ClaimBoard({3}, std::move(done)); }).ok());
  const Task task = TaskOf({3}, {11});
  ASSERT_TRUE(Do([&](auto done) { coordinator_->PublishTask(task, std::move(done)); }).ok());
  EXPECT_EQ(read(), task);
}

TEST_P(CoordinatorContract, AnOldEpochIsFencedI4) {
  BecomeMaster();
  ASSERT_TRUE(Do([this](auto done) { coordinator_->ClaimBoard({5}, std::move(done)); }).ok());
  EXPECT_EQ(Do([this](auto done) { coordinator_->ClaimBoard({4}, std::move(done)); }).code(),
            StatusCode::kFenced);
  EXPECT_EQ(Do([this](auto done) {
              coordinator_->PublishTask(TaskOf({4}, {1}), std::move(done));
            }).code(),
            StatusCode::kFenced);
  EXPECT_TRUE(
      Do([this](auto done) { coordinator_->PublishTask(TaskOf({5}, {1}), std::move(done)); }).ok());
}

TEST_P(CoordinatorContract, ProgressIsKeptByRunUntilItIsCleared) {
  const auto progress = [this](RunId run) {
    return *Await<Result<std::map<int32_t, Progress>>>(
        [&](auto reply) { coordinator_->ReadProgress(run, std::move(reply)); });
  };
  ASSERT_TRUE(Do([this](auto done) {
                coordinator_->ReportProgress({1}, 2, {{9}, ""}, std::move(done));
              }).ok());
  EXPECT_EQ(progress({1}), (std::map<int32_t, Progress>{{2, {{9}, ""}}}));
  EXPECT_TRUE(progress({2}).empty());
  ASSERT_TRUE(Do([this](auto done) { coordinator_->ClearProgress({}, std::move(done)); }).ok());
  EXPECT_TRUE(progress({1}).empty());
}

TEST_P(CoordinatorContract, AReadArmsOneHintAndOnlyOne) {
  BecomeMaster();
  ASSERT_TRUE(Do([this](auto done) { coordinator_->ClaimBoard({1}, std::move(done)); }).ok());
  (void)Await<Result<std::optional<Task>>>(
      [this](auto reply) { coordinator_->ReadTask(std::move(reply)); });
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Do([this](auto done) {
                  coordinator_->PublishTask(TaskOf({1}, {1}), std::move(done));
                }).ok());
  }
  loop_.RunUntil([this] { return !hints_.empty(); });
  EXPECT_EQ(hints_, std::vector<Coordinator::Topic>{Coordinator::Topic::kTask});
}

TEST_P(CoordinatorContract, StopEndsMembershipAndMastership) {
  ASSERT_TRUE(Do([this](auto done) { coordinator_->Join(kSelf, std::move(done)); }).ok());
  (void)Await<Result<MasterRecord>>(
      [&](auto reply) { coordinator_->Campaign(kMaster, std::move(reply)); });
  ASSERT_TRUE(Do([this](auto done) { coordinator_->Stop(std::move(done)); }).ok());
  coordinator_->Start(this);
  EXPECT_TRUE(Await<Result<std::vector<Member>>>([this](auto reply) {
                coordinator_->ReadMembers(std::move(reply));
              })->empty());
  EXPECT_EQ(*Await<Result<std::optional<MasterRecord>>>(
                [this](auto reply) { coordinator_->ReadMaster(std::move(reply)); }),
            std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Local, CoordinatorContract,
                         testing::Values(CoordinatorFactory([](Clock* clock) {
                           return std::make_unique<LocalCoordinator>(clock);
                         })));

}  // namespace
}  // namespace tymbal
