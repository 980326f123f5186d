#include "common/zookeeper_native_client.h"

#include <zookeeper/zookeeper.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tymbal {
namespace {

using Event = ZookeeperClient::Session;

ZkCode CodeOf(int rc) {
  switch (rc) {
    case ZOK:
      return ZkCode::kOk;
    case ZNONODE:
      return ZkCode::kNoNode;
    case ZNODEEXISTS:
      return ZkCode::kNodeExists;
    case ZBADVERSION:
      return ZkCode::kBadVersion;
    case ZNOTEMPTY:
      return ZkCode::kNotEmpty;
    case ZNOAUTH:
    case ZSESSIONCLOSEDREQUIRESASLAUTH:
      return ZkCode::kNoAuth;
    case ZINVALIDACL:
      return ZkCode::kInvalidAcl;
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONMOVED:  // To another server of the ensemble: this one did nothing.
    case ZTHROTTLEDOP:
      return ZkCode::kConnectionLoss;
    case ZSESSIONEXPIRED:
    case ZINVALIDSTATE:
      return ZkCode::kSessionExpired;
    case ZCLOSING:
      return ZkCode::kClosing;
    case ZRUNTIMEINCONSISTENCY:
      return ZkCode::kRolledBack;
    default:
      return ZkCode::kOther;
  }
}

/// What the threads of the C library know of a client. It lives until the session is closed, and as
/// long as something that was posted needs it.
struct Core {
  Clock* clock;
  ZookeeperClient::Listener* listener;  // Null once closed. Thread: the loop's.
  int64_t session_id = 0;               // The same.
  int64_t timeout_ms = 0;
  bool connected = false;
};

/// What a request carries through the C library, as a raw pointer: taken back by its completion,
/// which comes exactly once for each request that was accepted.
template <typename Completion>
struct Request {
  Clock* clock;
  Completion done;

  static std::unique_ptr<Request> TakeBack(const void* data) {
    return std::unique_ptr<Request>(static_cast<Request*>(const_cast<void*>(data)));
  }
  template <typename... Args>
  void Reply(Args... args) {
    clock->Post([done = std::move(done), ... copied = std::move(args)]() mutable {
      done(std::move(copied)...);
    });
  }
};
using CodeRequest = Request<ZookeeperClient::OnCode>;
using NodeRequest = Request<std::function<void(ZkCode, ZkNode)>>;
using NamesRequest = Request<std::function<void(ZkCode, std::vector<std::string>)>>;

/// A multi, with the memory that its completion reads.
struct MultiRequest : Request<std::function<void(ZkCode, std::vector<ZkCode>)>> {
  std::vector<ZkOp> ops;
  std::vector<zoo_op_result_t> results;
};

void OnString(int rc, const char* /*value*/, const void* data) {
  CodeRequest::TakeBack(data)->Reply(CodeOf(rc));
}

void OnStat(int rc, const Stat* /*stat*/, const void* data) {
  CodeRequest::TakeBack(data)->Reply(CodeOf(rc));
}

void OnData(int rc, const char* value, int length, const Stat* stat, const void* data) {
  ZkNode node;
  if (rc == ZOK) {
    if (value != nullptr && length > 0) node.data.assign(value, static_cast<size_t>(length));
    node.stat = {stat->version, stat->ephemeralOwner, stat->mtime, stat->ctime};
  }
  NodeRequest::TakeBack(data)->Reply(CodeOf(rc), std::move(node));
}

void OnStrings(int rc, const String_vector* strings, const void* data) {
  std::vector<std::string> names;
  if (rc == ZOK && strings != nullptr) {
    names.assign(strings->data, strings->data + strings->count);
    std::sort(names.begin(), names.end());
  }
  NamesRequest::TakeBack(data)->Reply(CodeOf(rc), std::move(names));
}

void OnMulti(int rc, const void* data) {
  const std::unique_ptr<MultiRequest> request(static_cast<MultiRequest*>(const_cast<void*>(data)));
  std::vector<ZkCode> codes;
  for (const zoo_op_result_t& result : request->results) codes.push_back(CodeOf(result.err));
  request->Reply(CodeOf(rc), std::move(codes));
}

/// All watches and session events, on the library's completion thread.
void OnEvent(zhandle_t* handle, int type, int state, const char* path, void* context) {
  // Owned by the client, which closes the handle before it goes.
  const std::shared_ptr<Core> core = *static_cast<std::shared_ptr<Core>*>(context);
  if (type != ZOO_SESSION_EVENT) {
    core->clock->Post([core, path = std::string(path != nullptr ? path : "")] {
      if (core->listener != nullptr) core->listener->OnWatch(path);
    });
    return;
  }
  const int64_t session_id = zoo_client_id(handle)->client_id;
  const int64_t timeout_ms = zoo_recv_timeout(handle);
  core->clock->Post([core, state, session_id, timeout_ms] {
    if (core->listener == nullptr) return;
    if (state == ZOO_CONNECTED_STATE) {
      core->session_id = session_id;
      core->timeout_ms = timeout_ms;
      core->connected = true;
      return core->listener->OnSession(Event::kConnected);
    }
    if (state == ZOO_EXPIRED_SESSION_STATE) return core->listener->OnSession(Event::kExpired);
    if (state == ZOO_AUTH_FAILED_STATE) return core->listener->OnSession(Event::kAuthFailed);
    // All else, whatever its number, is "not connected".
    if (std::exchange(core->connected, false)) core->listener->OnSession(Event::kSuspended);
  });
}

class NativeClient : public ZookeeperClient {
 public:
  NativeClient(const ZookeeperOptions& options, Clock* clock, Log* log, Listener* listener)
      : clock_(clock),
        core_(std::make_shared<Core>(Core{.clock = clock, .listener = listener})),
        is_private_(!options.credentials.empty()) {
    core_->timeout_ms = options.session_timeout_ms;
    handle_ = zookeeper_init(options.servers.c_str(), OnEvent,
                             static_cast<int>(options.session_timeout_ms), nullptr, &core_, 0);
    if (handle_ == nullptr) {
      log->Error("ZooKeeper can't be used; is coordinator.servers right?",
                 {{"servers", options.servers}, {"reason", std::strerror(errno)}});
      clock->Post([core = core_] {
        if (core->listener != nullptr) core->listener->OnSession(Event::kExpired);
      });
      return;
    }
    if (is_private_) {
      zoo_add_auth(handle_, "digest", options.credentials.data(),
                   static_cast<int>(options.credentials.size()), nullptr, nullptr);
    }
  }

  ~NativeClient() override { CloseHandle(); }

  void Close(std::function<void()> done) override {
    core_->listener = nullptr;
    CloseHandle();  // What was pending has been answered, with kClosing, when this returns.
    clock_->Post(std::move(done));
  }

  int64_t session_id() const override { return core_->session_id; }
  int64_t session_timeout_ms() const override { return core_->timeout_ms; }

  void Create(const std::string& path, const std::string& data, bool ephemeral,
              OnCode done) override {
    auto request = std::make_unique<CodeRequest>(CodeRequest{clock_, std::move(done)});
    const int rc =
        handle_ == nullptr
            ? ZINVALIDSTATE
            : zoo_acreate(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), Acl(),
                          ephemeral ? ZOO_EPHEMERAL : 0, OnString, request.get());
    Accept(rc, std::move(request), [rc](CodeRequest& refused) { refused.Reply(CodeOf(rc)); });
  }

  void Get(const std::string& path, bool watch, std::function<void(ZkCode, ZkNode)> done) override {
    if (watch) {
      // A node that isn't there leaves no watch behind: ask for one on its creation.
      done = [this, path, core = core_, done](ZkCode code, ZkNode node) {
        if (code != ZkCode::kNoNode || core->listener == nullptr)
          return done(code, std::move(node));
        WatchMissing(path, done);
      };
    }
    auto request = std::make_unique<NodeRequest>(NodeRequest{clock_, std::move(done)});
    const int rc = handle_ == nullptr
                       ? ZINVALIDSTATE
                       : zoo_aget(handle_, path.c_str(), watch ? 1 : 0, OnData, request.get());
    Accept(rc, std::move(request),
           [rc](NodeRequest& refused) { refused.Reply(CodeOf(rc), ZkNode{}); });
  }

  void Children(const std::string& path, bool watch,
                std::function<void(ZkCode, std::vector<std::string>)> done) override {
    auto request = std::make_unique<NamesRequest>(NamesRequest{clock_, std::move(done)});
    const int rc = handle_ == nullptr ? ZINVALIDSTATE
                                      : zoo_aget_children(handle_, path.c_str(), watch ? 1 : 0,
                                                          OnStrings, request.get());
    Accept(rc, std::move(request),
           [rc](NamesRequest& refused) { refused.Reply(CodeOf(rc), std::vector<std::string>{}); });
  }

  void Multi(const std::vector<ZkOp>& ops,
             std::function<void(ZkCode, std::vector<ZkCode>)> done) override {
    auto request = std::make_unique<MultiRequest>();
    request->clock = clock_;
    request->done = std::move(done);
    request->ops = ops;
    request->results.resize(ops.size());
    std::vector<zoo_op_t> calls(ops.size());
    for (size_t i = 0; i < ops.size(); ++i) Fill(request->ops[i], &calls[i]);
    const int rc = handle_ == nullptr
                       ? ZINVALIDSTATE
                       : zoo_amulti(handle_, static_cast<int>(calls.size()), calls.data(),
                                    request->results.data(), OnMulti, request.get());
    Accept(rc, std::move(request),
           [rc](MultiRequest& refused) { refused.Reply(CodeOf(rc), std::vector<ZkCode>{}); });
  }

 private:
  /// What the library has accepted it owns until the completion; what it refused never completes.
  template <typename T, typename Refuse>
  static void Accept(int rc, std::unique_ptr<T> request, Refuse refuse) {
    if (rc == ZOK) {
      (void)request.release();
    } else {
      refuse(*request);
    }
  }

  void WatchMissing(const std::string& path, std::function<void(ZkCode, ZkNode)> done) {
    auto request = std::make_unique<CodeRequest>();
    request->clock = clock_;
    request->done = [this, path, core = core_, done](ZkCode code) {
      // It was created in between.
      if (code == ZkCode::kOk && core->listener != nullptr) return Get(path, true, done);
      done(code, {});
    };
    const int rc = handle_ == nullptr
                       ? ZINVALIDSTATE
                       : zoo_aexists(handle_, path.c_str(), 1, OnStat, request.get());
    Accept(rc, std::move(request), [rc](CodeRequest& refused) { refused.Reply(CodeOf(rc)); });
  }

  const ACL_vector* Acl() const {
    return is_private_ ? &ZOO_CREATOR_ALL_ACL : &ZOO_OPEN_ACL_UNSAFE;
  }

  void Fill(const ZkOp& op, zoo_op_t* call) const {
    const int size = static_cast<int>(op.data.size());
    switch (op.kind) {
      case ZkOp::Kind::kCreate:
        return zoo_create_op_init(call, op.path.c_str(), op.data.data(), size, Acl(),
                                  op.ephemeral ? ZOO_EPHEMERAL : 0, nullptr, 0);
      case ZkOp::Kind::kSet:
        return zoo_set_op_init(call, op.path.c_str(), op.data.data(), size, op.version, nullptr);
      case ZkOp::Kind::kRemove:
        return zoo_delete_op_init(call, op.path.c_str(), op.version);
      case ZkOp::Kind::kCheck:
        return zoo_check_op_init(call, op.path.c_str(), op.version);
    }
  }

  void CloseHandle() {
    if (handle_ != nullptr) zookeeper_close(std::exchange(handle_, nullptr));
  }

  Clock* const clock_;
  std::shared_ptr<Core> core_;  // Shared with what was posted.
  const bool is_private_;
  zhandle_t* handle_ = nullptr;
};

}  // namespace

ZookeeperFactory MakeZookeeperFactory(const ZookeeperOptions& options, Clock* clock, Log* log) {
  zoo_set_debug_level(static_cast<ZooLogLevel>(0));  // We log what matters ourselves.
  return [options, clock, log](ZookeeperClient::Listener* listener) {
    return std::make_unique<NativeClient>(options, clock, log, listener);
  };
}

}  // namespace tymbal
