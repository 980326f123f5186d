#include "common/zookeeper_coordinator.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "common/znode_records.h"

namespace tymbal {
namespace {

/// Nodes that one multi removes.
constexpr size_t kRemoveMax = 500;

enum class Effect : uint8_t { kRead, kWrite };

/// The one place that says what a code means to a caller.
Status StatusOf(ZkCode code, Effect effect, std::string_view path) {
  const auto text = [&] { return fmt::format("ZooKeeper: {}: {}", path, ZkCodeName(code)); };
  switch (code) {
    case ZkCode::kOk:
      return Status::Ok();
    case ZkCode::kConnectionLoss:
      return effect == Effect::kRead ? Unavailable(text()) : Ambiguous(text());
    case ZkCode::kSessionExpired:
    case ZkCode::kClosing:
      return Fenced(text());
    case ZkCode::kNoAuth:
    case ZkCode::kInvalidAcl:
      return InvalidArgument(
          text() +
          "; the znodes belong to another account: give its name and password in "
          "coordinator.auth_file or TYMBAL_COORDINATOR_AUTH, or remove them while no node runs");
    case ZkCode::kNoNode:
    case ZkCode::kNodeExists:
    case ZkCode::kBadVersion:
    case ZkCode::kNotEmpty:
    case ZkCode::kRolledBack:
      return Unavailable(text());  // Somebody else was faster: look again.
    case ZkCode::kTooBig:
      return Exhausted(text());
    case ZkCode::kOther:
      break;
  }
  return Internal(text());
}

template <typename T>
Result<T> Named(Result<T> value, std::string_view path) {
  if (value) return value;
  return value.error().WithContext(fmt::format("znode {}", path));
}

}  // namespace

std::string_view ZkCodeName(ZkCode code) {
  switch (code) {
    case ZkCode::kOk:
      return "ok";
    case ZkCode::kNoNode:
      return "no such node";
    case ZkCode::kNodeExists:
      return "the node exists";
    case ZkCode::kBadVersion:
      return "another version";
    case ZkCode::kNotEmpty:
      return "the node has children";
    case ZkCode::kNoAuth:
      return "no right";
    case ZkCode::kInvalidAcl:
      return "the access list is refused";
    case ZkCode::kConnectionLoss:
      return "the connection is lost";
    case ZkCode::kSessionExpired:
      return "the session is over";
    case ZkCode::kClosing:
      return "the session is being closed";
    case ZkCode::kRolledBack:
      return "rolled back";
    case ZkCode::kTooBig:
      return "too big to be sent";
    case ZkCode::kOther:
      break;
  }
  return "an error of ZooKeeper";
}

ZookeeperCoordinator::ZookeeperCoordinator(ZookeeperCoordinatorOptions options,
                                           ZookeeperFactory factory, Clock* clock)
    : options_(std::move(options)), factory_(std::move(factory)), clock_(clock) {}

ZookeeperCoordinator::~ZookeeperCoordinator() = default;

// --- The session

void ZookeeperCoordinator::Start(Coordinator::Listener* listener) {
  listener_ = listener;
  reconnect_ms_ = options_.reconnect_ms;
  state_ = State::kConnecting;
  Open();
}

void ZookeeperCoordinator::Stop(Done done) {
  listener_ = nullptr;
  state_ = State::kClosed;
  ++session_no_;
  if (client_ == nullptr) return Finish(std::move(done), Status::Ok());
  // Shared with its own callback: this object may be gone by then.
  const std::shared_ptr<ZookeeperClient> client = std::move(client_);
  client->Close([client, done = std::move(done)] { done(Status::Ok()); });
}

std::function<void()> ZookeeperCoordinator::IfAlive(std::function<void()> task) const {
  return [alive = std::weak_ptr<const bool>(alive_), task = std::move(task)] {
    if (!alive.expired()) task();
  };
}

void ZookeeperCoordinator::Open() {
  ++session_no_;
  joined_version_.reset();
  claimed_ = {};
  client_ = factory_(this);
}

void ZookeeperCoordinator::OnSession(ZookeeperClient::Session session) {
  if (state_ == State::kClosed || state_ == State::kFailed) return;
  switch (session) {
    case ZookeeperClient::Session::kConnected:
      reconnect_ms_ = options_.reconnect_ms;
      ++suspended_no_;
      if (state_ == State::kSuspended) return GoLive();
      return MakeFolders();
    case ZookeeperClient::Session::kSuspended: {
      if (state_ == State::kLive) {
        state_ = State::kSuspended;
        listener_->OnSuspended();
      }
      // The server says "expired" only once it is reached again; until then, our own time-out.
      const uint64_t no = ++suspended_no_;
      clock_->After(std::chrono::milliseconds(client_->session_timeout_ms()), IfAlive([this, no] {
                      if (no == suspended_no_ && client_ != nullptr) Expire();
                    }));
      return;
    }
    case ZookeeperClient::Session::kExpired:
      return Expire();
    case ZookeeperClient::Session::kAuthFailed:
      state_ = State::kFailed;
      return listener_->OnFailed(
          InvalidArgument("ZooKeeper refuses the credentials; see coordinator.auth_file"));
  }
}

/// What all others stand in; everybody makes it, and that it exists is fine.
void ZookeeperCoordinator::MakeFolders() {
  MakeFolder(Path("instances"), [this] { MakeFolder(Path("progress"), [this] { GoLive(); }); });
}

/// From below: those above may belong to somebody who lets us look at nothing there.
void ZookeeperCoordinator::MakeFolder(const std::string& path, std::function<void()> next) {
  client_->Create(path, "", false, [=, this, session = session_no_](ZkCode code) {
    if (session != session_no_ || state_ == State::kClosed || state_ == State::kFailed) return;
    if (code == ZkCode::kOk || code == ZkCode::kNodeExists) return next();
    const size_t slash = path.rfind('/');
    if (code == ZkCode::kNoNode && slash > 0) {
      return MakeFolder(path.substr(0, slash), [=, this] { MakeFolder(path, next); });
    }
    const Status status = StatusOf(code, Effect::kWrite, path);
    if (status.error_class() == ErrorClass::kPermanent && status.code() != StatusCode::kFenced) {
      state_ = State::kFailed;
      return listener_->OnFailed(status.WithContext("making the znodes"));
    }
    // A lost connection: the next kConnected comes back here.
  });
}

void ZookeeperCoordinator::GoLive() {
  state_ = State::kLive;
  listener_->OnLive();
}

/// Closes the old session before the next one is opened.
void ZookeeperCoordinator::Expire() {
  const bool was_live = state_ == State::kLive || state_ == State::kSuspended;
  state_ = State::kConnecting;
  ++suspended_no_;
  const uint64_t no = ++session_no_;
  closing_[no] = std::move(client_);
  if (was_live) listener_->OnExpired();
  const int64_t wait_ms = reconnect_ms_;
  reconnect_ms_ = std::min(2 * reconnect_ms_, options_.reconnect_max_ms);
  closing_[no]->Close(IfAlive([this, no, wait_ms] {
    clock_->After(std::chrono::milliseconds(wait_ms), IfAlive([this, no] {
                    closing_.erase(no);
                    if (no == session_no_ && state_ == State::kConnecting) Open();
                  }));
  }));
}

void ZookeeperCoordinator::OnWatch(const std::string& path) {
  if (state_ != State::kLive) return;
  if (path == Path("instances")) return listener_->OnHint(Topic::kMembers);
  if (path == Path("master")) return listener_->OnHint(Topic::kMaster);
  if (path == Path("job")) return listener_->OnHint(Topic::kTask);
  if (path == Path("control")) return listener_->OnHint(Topic::kControl);
  if (path.starts_with(Path("progress"))) listener_->OnHint(Topic::kProgress);
}

// --- Requests

std::string ZookeeperCoordinator::Path(std::string_view below) const {
  return fmt::format("{}/{}", options_.root == "/" ? "" : options_.root, below);
}

std::string ZookeeperCoordinator::ProgressFolder(RunId run) const {
  return Path(fmt::format("progress/{}", run.value));
}

void ZookeeperCoordinator::Get(const std::string& path, bool watch, OnNode done) {
  if (state_ == State::kLive) return client_->Get(path, watch, std::move(done));
  clock_->Post([done = std::move(done)] { done(ZkCode::kConnectionLoss, {}); });
}

void ZookeeperCoordinator::Children(const std::string& path, bool watch,
                                    std::function<void(ZkCode, std::vector<std::string>)> done) {
  if (state_ == State::kLive) return client_->Children(path, watch, std::move(done));
  clock_->Post([done = std::move(done)] { done(ZkCode::kConnectionLoss, {}); });
}

void ZookeeperCoordinator::Create(const std::string& path, const std::string& data, bool ephemeral,
                                  ZookeeperClient::OnCode done) {
  const bool fits = path.size() + data.size() <= kZnodeBytesMax;
  if (fits && state_ == State::kLive) {
    return client_->Create(path, data, ephemeral, std::move(done));
  }
  const ZkCode code = fits ? ZkCode::kConnectionLoss : ZkCode::kTooBig;
  clock_->Post([done = std::move(done), code] { done(code); });
}

void ZookeeperCoordinator::Multi(const std::vector<ZkOp>& ops,
                                 std::function<void(ZkCode, std::vector<ZkCode>)> done) {
  size_t bytes = 0;
  for (const ZkOp& op : ops) bytes += op.path.size() + op.data.size();
  const bool fits = bytes <= kZnodeBytesMax;
  if (fits && state_ == State::kLive) return client_->Multi(ops, std::move(done));
  const ZkCode code = fits ? ZkCode::kConnectionLoss : ZkCode::kTooBig;
  clock_->Post([done = std::move(done), code] { done(code, {}); });
}

void ZookeeperCoordinator::Finish(Done done, Status status) {
  clock_->Post([done = std::move(done), status = std::move(status)] { done(status); });
}

/// What a code means where something was to stand in a folder. No folder: an operator has removed
/// it, or ZooKeeper has lost its data. It is made anew; whoever repeats the call finds it.
Status ZookeeperCoordinator::CreateStatus(ZkCode code, std::string_view path) {
  if (code == ZkCode::kNoNode && state_ == State::kLive) {
    MakeFolder(Path("instances"), [this] { MakeFolder(Path("progress"), [] {}); });
  }
  return StatusOf(code, Effect::kWrite, path);
}

/// Reads nodes that may be gone by now: those are left out.
struct ZookeeperCoordinator::Gathering {
  size_t waiting = 0;
  Status status;
  std::map<std::string, ZkNode> nodes;
  std::function<void(Status, std::map<std::string, ZkNode>)> done;
};

void ZookeeperCoordinator::GatherAll(
    const std::string& folder, const std::vector<std::string>& names,
    std::function<void(Status, std::map<std::string, ZkNode>)> done) {
  if (names.empty()) return done(Status::Ok(), {});
  auto all = std::make_shared<Gathering>();  // Lives until the last reply.
  all->waiting = names.size();
  all->done = std::move(done);
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    Get(path, false, [all, name, path](ZkCode code, ZkNode node) {
      if (code == ZkCode::kOk) {
        all->nodes.emplace(name, std::move(node));
      } else if (code != ZkCode::kNoNode && all->status.ok()) {
        all->status = StatusOf(code, Effect::kRead, path);
      }
      if (--all->waiting == 0) all->done(all->status, std::move(all->nodes));
    });
  }
}

void ZookeeperCoordinator::SetOrCreate(const std::string& path, const std::string& data,
                                       std::vector<ZkOp> guards, Done done) {
  std::vector<ZkOp> ops = guards;
  ops.push_back(ZkOp::Set(path, data));
  Multi(ops, [this, path, data, guards, done](ZkCode code, const std::vector<ZkCode>& codes) {
    const bool missing = code == ZkCode::kNoNode && !codes.empty() && codes.back() == code;
    if (code == ZkCode::kBadVersion) return done(Fenced("the board was claimed by a newer epoch"));
    if (code == ZkCode::kNoNode && !missing) return done(Fenced("the board's epoch was removed"));
    if (!missing) return done(StatusOf(code, Effect::kWrite, path));
    std::vector<ZkOp> again = guards;
    again.push_back(ZkOp::Create(path, data));
    Multi(again, [this, path, done](ZkCode made, const std::vector<ZkCode>& /*codes*/) {
      if (made == ZkCode::kBadVersion)
        return done(Fenced("the board was claimed by a newer epoch"));
      done(CreateStatus(made, path));
    });
  });
}

// --- Members

void ZookeeperCoordinator::Join(const Member& self, Done done) {
  incarnation_ = self.incarnation;
  const std::string data = EncodeMember(self);
  if (!joined_version_) return Register(self, data, std::move(done));
  const std::string path = Path("instances/" + ZnodeName(self.node.value));
  const uint64_t session = session_no_;
  Multi({ZkOp::Set(path, data, *joined_version_)},
        [this, self, data, path, session, done](ZkCode code, const std::vector<ZkCode>&) {
          if (code == ZkCode::kOk && session == session_no_) ++*joined_version_;
          if (code != ZkCode::kNoNode && code != ZkCode::kBadVersion) {
            return done(StatusOf(code, Effect::kWrite, path));
          }
          Register(self, data, done);  // An operator has removed it, or changed it.
        });
}

void ZookeeperCoordinator::Register(const Member& self, const std::string& data, Done done) {
  const std::string path = Path("instances/" + ZnodeName(self.node.value));
  const uint64_t session = session_no_;
  Create(path, data, true, [this, self, path, data, session, done](ZkCode code) {
    if (code == ZkCode::kOk && session == session_no_) joined_version_ = 0;
    if (code != ZkCode::kNodeExists) return done(CreateStatus(code, path));
    Get(path, false, [this, self, path, data, session, done](ZkCode got, const ZkNode& node) {
      if (got != ZkCode::kOk) return done(StatusOf(got, Effect::kRead, path));
      if (session == session_no_ && node.stat.ephemeral_owner == client_->session_id()) {
        joined_version_ = node.stat.version;  // The reply to an earlier call was lost.
        return done(Status::Ok());
      }
      const auto other = DecodeMember(node.data);
      if (other && other->incarnation == self.incarnation) {
        // An earlier session of this very process.
        return Multi({ZkOp::Remove(path, node.stat.version), ZkOp::Create(path, data, true)},
                     [this, path, session, done](ZkCode made, const std::vector<ZkCode>&) {
                       if (made == ZkCode::kOk && session == session_no_) joined_version_ = 0;
                       done(StatusOf(made, Effect::kWrite, path));
                     });
      }
      done(Conflict(fmt::format("node {} is registered by the process {} on {}", self.node.value,
                                other ? other->pid : 0, other ? other->host : "an unknown host")));
    });
  });
}

void ZookeeperCoordinator::ReadMembers(Reply<std::vector<Member>> reply) {
  const std::string folder = Path("instances");
  Children(folder, true, [this, folder, reply](ZkCode code, const std::vector<std::string>& names) {
    if (code == ZkCode::kNoNode) return reply(CreateStatus(code, folder));
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, folder));
    GatherAll(folder, names,
              [folder, reply](const Status& status, const std::map<std::string, ZkNode>& nodes) {
                if (!status.ok()) return reply(status);
                std::vector<Member> members;
                for (const auto& [name, node] : nodes) {
                  auto member = Named(DecodeMember(node.data), folder + "/" + name);
                  if (!member) return reply(member.error());
                  member->heard_ms = node.stat.mtime_ms;
                  member->joined_ms = node.stat.ctime_ms;
                  members.push_back(std::move(*member));
                }
                std::sort(members.begin(), members.end(),
                          [](const Member& a, const Member& b) { return a.node < b.node; });
                reply(std::move(members));
              });
  });
}

// --- Mastership

void ZookeeperCoordinator::Campaign(const MasterRecord& self, Reply<MasterRecord> reply) {
  incarnation_ = self.incarnation;
  const std::string path = Path("master");
  Create(path, EncodeMaster(self), true, [this, self, path, reply](ZkCode code) {
    if (code == ZkCode::kOk) return reply(self);
    if (code != ZkCode::kNodeExists) return reply(CreateStatus(code, path));
    Get(path, false, [this, path, reply](ZkCode got, const ZkNode& node) {
      if (got != ZkCode::kOk) return reply(StatusOf(got, Effect::kRead, path));
      auto master = Named(DecodeMaster(node.data), path);
      const bool mine = client_ != nullptr && node.stat.ephemeral_owner == client_->session_id();
      if (master && !mine && master->incarnation == incarnation_) {
        // Of an earlier session of this very process: nobody leads.
        return Multi({ZkOp::Remove(path, node.stat.version)},
                     [reply](ZkCode, const std::vector<ZkCode>&) {
                       reply(Unavailable("an earlier session of this node was still master"));
                     });
      }
      reply(std::move(master));
    });
  });
}

void ZookeeperCoordinator::ReadMaster(Reply<std::optional<MasterRecord>> reply) {
  const std::string path = Path("master");
  Get(path, true, [this, path, reply](ZkCode code, const ZkNode& node) {
    if (code == ZkCode::kNoNode) return reply(std::optional<MasterRecord>());
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, path));
    auto master = Named(DecodeMaster(node.data), path);
    if (!master) return reply(master.error());
    const bool mine = client_ != nullptr && node.stat.ephemeral_owner == client_->session_id();
    if (!mine && master->incarnation == incarnation_) {
      // Of an earlier session of this very process: nobody leads, so the race may begin.
      return Multi(
          {ZkOp::Remove(path, node.stat.version)},
          [reply](ZkCode, const std::vector<ZkCode>&) { reply(std::optional<MasterRecord>()); });
    }
    reply(std::optional<MasterRecord>(std::move(*master)));
  });
}

void ZookeeperCoordinator::Resign(Done done) {
  const std::string path = Path("master");
  Get(path, false, [this, path, done](ZkCode code, const ZkNode& node) {
    const bool mine = code == ZkCode::kOk && client_ != nullptr &&
                      node.stat.ephemeral_owner == client_->session_id();
    if (code == ZkCode::kNoNode || (code == ZkCode::kOk && !mine)) return done(Status::Ok());
    if (code != ZkCode::kOk) return done(StatusOf(code, Effect::kRead, path));
    Multi({ZkOp::Remove(path, node.stat.version)}, [path, done](ZkCode removed,
                                                                const std::vector<ZkCode>&) {
      done(removed == ZkCode::kNoNode ? Status::Ok() : StatusOf(removed, Effect::kWrite, path));
    });
  });
}

// --- The board

void ZookeeperCoordinator::ReadBoardEpoch(Reply<Epoch> reply) {
  const std::string path = Path("epoch");
  Get(path, false, [path, reply](ZkCode code, const ZkNode& node) {
    if (code == ZkCode::kNoNode) return reply(Epoch{});
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, path));
    reply(Named(DecodeEpoch(node.data), path));
  });
}

void ZookeeperCoordinator::ClaimBoard(Epoch epoch, Done done) {
  const std::string path = Path("master");
  Get(path, false, [this, epoch, path, done](ZkCode code, const ZkNode& node) {
    if (code == ZkCode::kNoNode) return done(Fenced("this node is not master"));
    if (code != ZkCode::kOk) return done(StatusOf(code, Effect::kRead, path));
    const bool mine = client_ != nullptr && node.stat.ephemeral_owner == client_->session_id();
    auto master = Named(DecodeMaster(node.data), path);
    if (!master) return done(master.error());
    if (!mine) return done(Fenced("node " + master->node.value + " is master"));
    const bool ours = master->epoch == epoch;
    master->epoch = epoch;
    const ZkOp set_master = ZkOp::Set(path, EncodeMaster(*master), node.stat.version);
    const std::string board = Path("epoch");
    Get(board, false, [=, this](ZkCode got, const ZkNode& old) {
      ZkOp claim = ZkOp::Create(board, EncodeEpoch(epoch));
      int32_t version = 0;
      if (got == ZkCode::kOk) {
        const auto claimed = Named(DecodeEpoch(old.data), board);
        if (!claimed) return done(claimed.error());
        if (*claimed > epoch || (*claimed == epoch && !ours)) {
          return done(Fenced("the board was claimed by a newer epoch"));
        }
        claim = ZkOp::Set(board, EncodeEpoch(epoch), old.stat.version);
        version = old.stat.version + 1;
      } else if (got != ZkCode::kNoNode) {
        return done(StatusOf(got, Effect::kRead, board));
      }
      const uint64_t session = session_no_;
      Multi({claim, set_master}, [=, this](ZkCode set, const std::vector<ZkCode>&) {
        if (set == ZkCode::kOk && session == session_no_) {
          claimed_ = epoch;
          board_version_ = version;
        }
        const bool late =
            set == ZkCode::kBadVersion || set == ZkCode::kNodeExists || set == ZkCode::kNoNode;
        if (late) return done(Fenced("another node was faster"));
        done(StatusOf(set, Effect::kWrite, board));
      });
    });
  });
}

void ZookeeperCoordinator::PublishTask(const Task& task, Done done) {
  const std::string data = EncodeTask(task);
  if (state_ != State::kLive) {
    return Finish(std::move(done), Unavailable("not connected to ZooKeeper"));
  }
  if (claimed_ != task.epoch) {
    return Finish(std::move(done), Fenced("this session has not claimed the board for that epoch"));
  }
  SetOrCreate(Path("job"), data, {ZkOp::Check(Path("epoch"), board_version_)}, std::move(done));
}

void ZookeeperCoordinator::ReadTask(Reply<std::optional<Task>> reply) {
  const std::string path = Path("job");
  Get(path, true, [path, reply](ZkCode code, const ZkNode& node) {
    if (code == ZkCode::kNoNode) return reply(std::optional<Task>());
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, path));
    auto task = Named(DecodeTask(node.data), path);
    if (!task) return reply(task.error());
    reply(std::optional<Task>(std::move(*task)));
  });
}

// --- Progress

void ZookeeperCoordinator::ReportProgress(RunId run, int32_t fragment_no, const Progress& progress,
                                          Done done) {
  const std::string data = EncodeProgress(progress);
  const std::string folder = ProgressFolder(run);
  const std::string path = fmt::format("{}/{}", folder, fragment_no);
  Create(path, data, false, [=, this](ZkCode code) {
    if (code == ZkCode::kNodeExists) return Replace(path, progress, done);
    if (code != ZkCode::kNoNode) return done(StatusOf(code, Effect::kWrite, path));
    Create(folder, "", false, [=, this](ZkCode made) {
      if (made != ZkCode::kOk && made != ZkCode::kNodeExists) {
        return done(CreateStatus(made, folder));
      }
      Create(path, data, false,
             [path, done](ZkCode again) { done(StatusOf(again, Effect::kWrite, path)); });
    });
  });
}

/// Removes and creates, for that is what those who watch the folder hear of.
void ZookeeperCoordinator::Replace(const std::string& path, const Progress& progress, Done done) {
  Get(path, false, [=, this](ZkCode code, const ZkNode& node) {
    if (code != ZkCode::kOk) return done(StatusOf(code, Effect::kRead, path));
    const auto said = DecodeProgress(node.data);
    if (said && (said->token > progress.token || *said == progress)) return done(Status::Ok());
    Multi({ZkOp::Remove(path, node.stat.version), ZkOp::Create(path, EncodeProgress(progress))},
          [path, done](ZkCode set, const std::vector<ZkCode>&) {
            done(StatusOf(set, Effect::kWrite, path));
          });
  });
}

namespace {

int32_t FragmentNo(const std::string& name) {
  int32_t no = 0;
  std::from_chars(name.data(), name.data() + name.size(), no);
  return no;
}

}  // namespace

void ZookeeperCoordinator::ReadProgress(RunId run, Wanted wanted,
                                        Reply<std::map<int32_t, Progress>> reply) {
  const std::string folder = ProgressFolder(run);
  Children(folder, true, [=, this](ZkCode code, std::vector<std::string> names) {
    if (code == ZkCode::kNoNode) {
      // Nobody can watch the children of what isn't there.
      return Create(folder, "", false, [=, this](ZkCode made) {
        if (made != ZkCode::kOk && made != ZkCode::kNodeExists) {
          return reply(CreateStatus(made, folder));
        }
        ReadProgress(run, wanted, reply);
      });
    }
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, folder));
    std::erase_if(names, [&](const std::string& name) { return !wanted(FragmentNo(name)); });
    GatherAll(folder, names,
              [folder, reply](const Status& status, const std::map<std::string, ZkNode>& nodes) {
                if (!status.ok()) return reply(status);
                std::map<int32_t, Progress> all;
                for (const auto& [name, node] : nodes) {
                  auto progress = Named(DecodeProgress(node.data), folder + "/" + name);
                  if (!progress) return reply(progress.error());
                  all[FragmentNo(name)] = std::move(*progress);
                }
                reply(std::move(all));
              });
  });
}

void ZookeeperCoordinator::ClearProgress(std::optional<RunId> keep, Done done) {
  const std::string root = Path("progress");
  Children(root, false, [=, this](ZkCode code, const std::vector<std::string>& names) {
    if (code == ZkCode::kNoNode) return done(CreateStatus(code, root));
    if (code != ZkCode::kOk) return done(StatusOf(code, Effect::kRead, root));
    std::vector<std::string> folders;
    for (const std::string& name : names) {
      if (!keep || root + "/" + name != ProgressFolder(*keep)) folders.push_back(root + "/" + name);
    }
    RemoveFolders(std::move(folders), done);
  });
}

void ZookeeperCoordinator::RemoveFolders(std::vector<std::string> folders, Done done) {
  if (folders.empty()) return done(Status::Ok());
  const std::string folder = folders.back();
  Children(folder, false, [=, this](ZkCode code, const std::vector<std::string>& names) mutable {
    if (code != ZkCode::kOk && code != ZkCode::kNoNode) {
      return done(StatusOf(code, Effect::kRead, folder));
    }
    std::vector<ZkOp> ops;
    for (const std::string& name : names) {
      if (ops.size() == kRemoveMax) break;
      ops.push_back(ZkOp::Remove(folder + "/" + name));
    }
    const bool whole = ops.size() == names.size();
    if (whole && code == ZkCode::kOk) ops.push_back(ZkOp::Remove(folder));
    if (whole) folders.pop_back();
    if (ops.empty()) return RemoveFolders(std::move(folders), done);
    Multi(ops, [=, this](ZkCode removed, const std::vector<ZkCode>&) {
      // A report that came in between, or another master that tidies up as well: next time.
      if (removed == ZkCode::kOk) return RemoveFolders(folders, done);
      done(StatusOf(removed, Effect::kWrite, folder));
    });
  });
}

// --- The switch

void ZookeeperCoordinator::ReadControl(Reply<Control> reply) {
  const std::string path = Path("control");
  Get(path, true, [path, reply](ZkCode code, const ZkNode& node) {
    if (code == ZkCode::kNoNode) return reply(Control{});
    if (code != ZkCode::kOk) return reply(StatusOf(code, Effect::kRead, path));
    reply(Named(DecodeControl(node.data), path));
  });
}

void ZookeeperCoordinator::WriteControl(const Control& control, Done done) {
  const std::string data = EncodeControl(control);
  SetOrCreate(Path("control"), data, {}, std::move(done));
}

}  // namespace tymbal
