#include "simulation/memory_zookeeper.h"

#include <algorithm>
#include <chrono>

namespace tymbal::testing {
namespace {

constexpr int64_t kReconnectMs = 200;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::chrono::milliseconds Ms(int64_t ms) { return std::chrono::milliseconds(ms); }

}  // namespace

/// A session as the node sees it. All its own work is on the node's clock, so it stands still while
/// the node's process does; what it has sent goes its way on the server's clock.
class MemoryZookeeper::Client : public ZookeeperClient,
                                public std::enable_shared_from_this<MemoryZookeeper::Client> {
 public:
  Client(MemoryZookeeper* server, std::string name, Clock* clock, Listener* listener)
      : server_(server), name_(std::move(name)), clock_(clock), listener_(listener) {}

  void Start() {
    After(0, [this] { Connect(); });
  }

  void Close(std::function<void()> done) override {
    listener_ = nullptr;
    Lose(ZkCode::kClosing);
    if (connected_) Send([this] { server_->EndSession(session_); }, [] {});
    closed_ = true;
    clock_->After(Ms(2 * server_->options_.latency_ms()), std::move(done));
  }

  int64_t session_id() const override { return session_; }
  int64_t session_timeout_ms() const override { return server_->options_.session_timeout_ms; }

  void Create(const std::string& path, const std::string& data, bool ephemeral,
              OnCode done) override {
    Write({ZkOp::Create(path, data, ephemeral)},
          [done = std::move(done)](ZkCode code, const std::vector<ZkCode>&) { done(code); });
  }

  void Multi(const std::vector<ZkOp>& ops,
             std::function<void(ZkCode, std::vector<ZkCode>)> done) override {
    Write(ops, std::move(done));
  }

  void Get(const std::string& path, bool watch, std::function<void(ZkCode, ZkNode)> done) override {
    auto node = std::make_shared<std::pair<ZkCode, ZkNode>>(ZkCode::kNoNode, ZkNode{});
    Ask(
        [this, path, watch, node](MemoryZookeeper::ServerSession* session) {
          server_->CountRead(path);
          if (watch) session->data_watches.insert(path);
          const auto found = server_->tree_.find(path);
          if (found != server_->tree_.end()) {
            *node = {ZkCode::kOk, {found->second.data, found->second.stat}};
            server_->traffic_.bytes_out += found->second.data.size();
          }
        },
        [done, node](ZkCode code) {
          done(code == ZkCode::kOk ? node->first : code, node->second);
        });
  }

  void Children(const std::string& path, bool watch,
                std::function<void(ZkCode, std::vector<std::string>)> done) override {
    auto names = std::make_shared<std::pair<ZkCode, std::vector<std::string>>>();
    names->first = ZkCode::kNoNode;
    Ask(
        [this, path, watch, names](MemoryZookeeper::ServerSession* session) {
          server_->CountRead(path);
          if (!server_->tree_.contains(path)) return;
          if (watch) session->child_watches.insert(path);
          *names = {ZkCode::kOk, server_->ChildrenOf(path)};
          for (const std::string& name : names->second) server_->traffic_.bytes_out += name.size();
        },
        [done, names](ZkCode code) {
          done(code == ZkCode::kOk ? names->first : code, names->second);
        });
  }

  // --- Called by the server's side

  /// A watch has fired. Until this side has heard of it, the server remembers it.
  void Hear(const std::string& path, uint64_t connection) {
    if (connection != connection_ || listener_ == nullptr || !connected_) return;
    if (IsCut()) return Hold([this, path, connection] { Hear(path, connection); });
    MemoryZookeeper::ServerSession* const session = server_->Find(session_);
    if (session == nullptr || session->missed.erase(path) == 0) return;
    heard_ms_ = clock_->MonotonicMs();
    listener_->OnWatch(path);
  }

  /// The connection broke, and this side knows.
  void Break() {
    if (!connected_) return;
    connected_ = false;
    ++connection_;
    Lose(ZkCode::kConnectionLoss);
    if (listener_ != nullptr) listener_->OnSession(ZookeeperClient::Session::kSuspended);
    if (!closed_) After(kReconnectMs, [this] { Connect(); });
  }

  uint64_t connection() const { return connection_; }
  const std::string& name() const { return name_; }
  Clock* clock() const { return clock_; }

  void After(int64_t delay_ms, std::function<void()> task) {
    clock_->After(Ms(delay_ms), [self = weak_from_this(), task = std::move(task)] {
      const auto client = self.lock();  // It may have been destroyed meanwhile.
      if (client) task();
    });
  }

 private:
  using Pending = std::shared_ptr<std::function<void(ZkCode)>>;

  bool IsCut() const { return server_->cut_.contains(name_); }

  void Connect() {
    if (closed_ || connected_ || final_) return;
    if (IsCut()) return After(kReconnectMs, [this] { Connect(); });
    const int64_t there_ms = server_->options_.latency_ms();
    server_->clock_->After(Ms(there_ms), [self = weak_from_this(), server = server_] {
      const auto client = self.lock();
      if (client) client->Handshake(server);
    });
  }

  /// On the server: the session goes on, or there is a new one, or it is over.
  void Handshake(MemoryZookeeper* server) {
    const bool is_new = session_ == 0;
    const int64_t id = is_new ? ++server->next_session_ : session_;
    if (is_new) server->sessions_[id].name = name_;
    MemoryZookeeper::ServerSession* const session = server->Find(id);
    const uint64_t connection = connection_;
    if (session != nullptr) {
      session->client = weak_from_this();
      session->connection = connection;
      session->heard_ms = server->clock_->MonotonicMs();
    }
    After(server->options_.latency_ms(),
          [this, id, connection, lives = session != nullptr] { Welcome(id, connection, lives); });
  }

  void Welcome(int64_t id, uint64_t connection, bool lives) {
    if (closed_ || connection != connection_) return;
    if (IsCut()) return After(kReconnectMs, [this] { Connect(); });
    if (!lives) {
      final_ = true;
      if (listener_ != nullptr) listener_->OnSession(ZookeeperClient::Session::kExpired);
      return;
    }
    session_ = id;
    connected_ = true;
    heard_ms_ = clock_->MonotonicMs();
    if (listener_ != nullptr) listener_->OnSession(ZookeeperClient::Session::kConnected);
    Ping(connection_);
    Ask(
        [this](MemoryZookeeper::ServerSession* session) {
          const std::set<std::string> missed = session->missed;
          for (const std::string& path : missed) server_->Tell(session, path);
        },
        [](ZkCode) {});
  }

  /// A third of the time-out without a word: ask for one. Two thirds: the server is gone.
  void Ping(uint64_t connection) {
    if (!connected_ || connection != connection_ || closed_) return;
    const int64_t timeout_ms = session_timeout_ms();
    if (clock_->MonotonicMs() - heard_ms_ > timeout_ms * 2 / 3) return Break();
    Ask([this](MemoryZookeeper::ServerSession*) { ++server_->traffic_.pings; }, [](ZkCode) {});
    After(timeout_ms / 6, [this, connection] { Ping(connection); });
  }

  void Write(const std::vector<ZkOp>& ops, std::function<void(ZkCode, std::vector<ZkCode>)> done) {
    size_t bytes = 0;
    for (const ZkOp& op : ops) bytes += op.path.size() + op.data.size();
    auto codes = std::make_shared<std::pair<ZkCode, std::vector<ZkCode>>>();
    const bool lost = server_->lose_request_.erase(name_) > 0;
    const bool too_big = bytes > server_->options_.value_bytes_max;
    if (lost || too_big) {
      // As the real server does: it hangs up.
      Note([done](ZkCode code) { done(code, {}); });
      return After(0, [this] { Break(); });
    }
    Ask(
        [this, ops, codes, bytes](MemoryZookeeper::ServerSession*) {
          ++server_->traffic_.writes;
          server_->traffic_.bytes_in += bytes;
          codes->first = server_->Multi(ops, session_, &codes->second);
          if (server_->lose_reply_.erase(name_) > 0) {
            After(0, [this] { Break(); });
          } else if (codes->first == ZkCode::kOk && server_->on_write_) {
            for (const ZkOp& op : ops) server_->on_write_(op.path);
          }
        },
        [done, codes](ZkCode code) {
          done(code == ZkCode::kOk ? codes->first : code, codes->second);
        });
  }

  Pending Note(std::function<void(ZkCode)> reply) {
    auto pending = std::make_shared<std::function<void(ZkCode)>>(std::move(reply));
    pending_.push_back(pending);
    return pending;
  }

  /// All pending requests end with `code`.
  void Lose(ZkCode code) {
    for (const Pending& pending : std::exchange(pending_, {})) {
      if (*pending) clock_->Post([reply = std::exchange(*pending, nullptr), code] { reply(code); });
    }
  }

  /// Sends a request; `apply` runs at the server if it gets there, `reply` here, exactly once.
  void Ask(std::function<void(MemoryZookeeper::ServerSession*)> apply,
           std::function<void(ZkCode)> reply) {
    if (final_ || closed_ || !connected_) {
      const ZkCode code = closed_  ? ZkCode::kClosing
                          : final_ ? ZkCode::kSessionExpired
                                   : ZkCode::kConnectionLoss;
      return clock_->Post([reply = std::move(reply), code] { reply(code); });
    }
    const Pending pending = Note(std::move(reply));
    auto alive = std::make_shared<bool>(false);
    Send(
        [this, apply = std::move(apply), alive] {
          MemoryZookeeper::ServerSession* const session = server_->Find(session_);
          if (session == nullptr) return;
          session->heard_ms = server_->clock_->MonotonicMs();
          *alive = true;
          apply(session);
        },
        [this, pending, alive] {
          if (!*alive) return Break();  // The session is over: the server hangs up.
          heard_ms_ = clock_->MonotonicMs();
          std::erase(pending_, pending);
          if (*pending) std::exchange(*pending, nullptr)(ZkCode::kOk);
        });
  }

  /// There and back, in order. A request that is on its way arrives although its sender is frozen,
  /// has given the session up, or is gone; not after the session has moved to another connection.
  void Send(std::function<void()> apply, std::function<void()> back) {
    const uint64_t connection = connection_;
    const int64_t now_ms = server_->clock_->MonotonicMs();
    arrives_ms_ = std::max(arrives_ms_, now_ms + server_->options_.latency_ms());
    const auto self = shared_from_this();
    server_->clock_->After(Ms(arrives_ms_ - now_ms), [this, self, connection, apply, back] {
      Arrive(connection, apply, back);
    });
  }

  /// TCP sends again what got lost: what a cut holds up arrives after it, or never, if the
  /// connection is given up meanwhile.
  void Arrive(uint64_t connection, const std::function<void()>& apply,
              const std::function<void()>& back) {
    const MemoryZookeeper::ServerSession* const session = server_->Find(session_);
    if (session != nullptr && session->connection != connection) return;
    if (IsCut()) {
      return Hold([this, connection, apply, back] { Arrive(connection, apply, back); });
    }
    apply();
    const int64_t then_ms = server_->clock_->MonotonicMs();
    returns_ms_ = std::max(returns_ms_, then_ms + server_->options_.latency_ms());
    After(returns_ms_ - then_ms, [this, connection, back] { Return(connection, back); });
  }

  void Return(uint64_t connection, const std::function<void()>& back) {
    if (connection != connection_ || !connected_) return;
    if (IsCut()) return Hold([this, connection, back] { Return(connection, back); });
    back();
  }

  void Hold(std::function<void()> message) {
    server_->held_[name_].push_back([self = shared_from_this(), message] { message(); });
  }

  MemoryZookeeper* const server_;
  const std::string name_;
  Clock* const clock_;
  Listener* listener_;
  int64_t session_ = 0;
  bool connected_ = false;
  bool closed_ = false;
  bool final_ = false;
  uint64_t connection_ = 1;
  int64_t heard_ms_ = 0;
  int64_t arrives_ms_ = 0;
  int64_t returns_ms_ = 0;
  std::vector<Pending> pending_;
};

MemoryZookeeper::MemoryZookeeper(Clock* clock, Options options)
    : clock_(clock), options_(std::move(options)) {
  tree_["/"] = {};
  Tick();
}

ZookeeperFactory MemoryZookeeper::Factory(std::string name, Clock* clock) {
  /// Owns what the coordinator holds, so that messages on their way may outlive the holder.
  class Handle : public ZookeeperClient {
   public:
    explicit Handle(std::shared_ptr<Client> client) : client_(std::move(client)) {}
    void Close(std::function<void()> done) override { client_->Close(std::move(done)); }
    int64_t session_id() const override { return client_->session_id(); }
    int64_t session_timeout_ms() const override { return client_->session_timeout_ms(); }
    void Create(const std::string& path, const std::string& data, bool ephemeral,
                OnCode done) override {
      client_->Create(path, data, ephemeral, std::move(done));
    }
    void Get(const std::string& path, bool watch,
             std::function<void(ZkCode, ZkNode)> done) override {
      client_->Get(path, watch, std::move(done));
    }
    void Children(const std::string& path, bool watch,
                  std::function<void(ZkCode, std::vector<std::string>)> done) override {
      client_->Children(path, watch, std::move(done));
    }
    void Multi(const std::vector<ZkOp>& ops,
               std::function<void(ZkCode, std::vector<ZkCode>)> done) override {
      client_->Multi(ops, std::move(done));
    }

   private:
    const std::shared_ptr<Client> client_;
  };
  return [this, name = std::move(name), clock](ZookeeperClient::Listener* listener) {
    auto client = std::make_shared<Client>(this, name, clock, listener);
    std::erase_if(clients_[name], [](const auto& known) { return known.expired(); });
    clients_[name].push_back(client);
    client->Start();
    return std::make_unique<Handle>(std::move(client));
  };
}

void MemoryZookeeper::Cut(const std::string& name, bool silent) {
  cut_[name] = silent;
  if (silent) return;
  for (const auto& known : clients_[name]) {
    const auto client = known.lock();
    if (client) client->After(0, [raw = client.get()] { raw->Break(); });
  }
}

void MemoryZookeeper::Heal(const std::string& name) {
  cut_.erase(name);
  for (auto& message : std::exchange(held_[name], {})) clock_->Post(std::move(message));
}

void MemoryZookeeper::ExpireSessionOf(const std::string& name) {
  std::vector<int64_t> ended;
  for (const auto& [id, session] : sessions_) {
    if (session.name == name) ended.push_back(id);
  }
  for (const int64_t id : ended) EndSession(id);
}

void MemoryZookeeper::Remove(const std::string& path) {
  for (const std::string& child : ChildrenOf(path)) Remove(path + "/" + child);
  std::vector<ZkCode> codes;
  (void)Multi({ZkOp::Remove(path)}, 0, &codes);
}

void MemoryZookeeper::Write(const std::string& path, const std::string& data) {
  std::vector<ZkCode> codes;
  const bool known = tree_.contains(path);
  (void)Multi({known ? ZkOp::Set(path, data) : ZkOp::Create(path, data)}, 0, &codes);
}

std::optional<std::string> MemoryZookeeper::Read(const std::string& path) const {
  const auto found = tree_.find(path);
  return found == tree_.end() ? std::nullopt : std::optional<std::string>(found->second.data);
}

void MemoryZookeeper::Tick() {
  std::vector<int64_t> ended;
  for (const auto& [id, session] : sessions_) {
    if (clock_->MonotonicMs() - session.heard_ms > options_.session_timeout_ms) ended.push_back(id);
  }
  for (const int64_t id : ended) EndSession(id);
  clock_->After(Ms(options_.tick_ms), [this] { Tick(); });
}

void MemoryZookeeper::EndSession(int64_t id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  const std::shared_ptr<Client> client = found->second.client.lock();
  const bool told =
      client && client->connection() == found->second.connection && !cut_.contains(client->name());
  sessions_.erase(found);
  std::vector<std::string> owned;
  for (const auto& [path, node] : tree_) {
    if (node.stat.ephemeral_owner == id) owned.push_back(path);
  }
  for (const std::string& path : owned) Remove(path);
  if (told) client->After(options_.latency_ms(), [raw = client.get()] { raw->Break(); });
}

MemoryZookeeper::ServerSession* MemoryZookeeper::Find(int64_t id) {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

std::vector<std::string> MemoryZookeeper::ChildrenOf(const std::string& path) const {
  const std::string prefix = path == "/" ? "/" : path + "/";
  std::vector<std::string> names;
  for (auto it = tree_.upper_bound(prefix); it != tree_.end() && it->first.starts_with(prefix);
       ++it) {
    const std::string name = it->first.substr(prefix.size());
    if (!name.empty() && name.find('/') == std::string::npos) names.push_back(name);
  }
  return names;
}

void MemoryZookeeper::CountRead(const std::string& path) {
  ++traffic_.reads;
  traffic_.bytes_in += path.size();
}

ZkCode MemoryZookeeper::Apply(const ZkOp& op, int64_t session, Tree* tree,
                              std::set<std::string>* data_events,
                              std::set<std::string>* child_events) const {
  const auto found = tree->find(op.path);
  if (op.kind == ZkOp::Kind::kCreate) {
    const auto parent = tree->find(ParentOf(op.path));
    if (found != tree->end()) return ZkCode::kNodeExists;
    if (parent == tree->end()) return ZkCode::kNoNode;
    Node node{op.data, {}};
    node.stat.ephemeral_owner = op.ephemeral ? session : 0;
    node.stat.mtime_ms = clock_->NowMs();
    node.stat.ctime_ms = node.stat.mtime_ms;
    (*tree)[op.path] = std::move(node);
    data_events->insert(op.path);
    child_events->insert(ParentOf(op.path));
    return ZkCode::kOk;
  }
  if (found == tree->end()) return ZkCode::kNoNode;
  if (op.version != ZkOp::kAnyVersion && op.version != found->second.stat.version) {
    return ZkCode::kBadVersion;
  }
  switch (op.kind) {
    case ZkOp::Kind::kSet:
      found->second.data = op.data;
      ++found->second.stat.version;
      found->second.stat.mtime_ms = clock_->NowMs();
      data_events->insert(op.path);
      return ZkCode::kOk;
    case ZkOp::Kind::kRemove: {
      const auto next = tree->upper_bound(op.path + "/");
      if (next != tree->end() && next->first.starts_with(op.path + "/")) return ZkCode::kNotEmpty;
      tree->erase(found);
      data_events->insert(op.path);
      child_events->insert(op.path);
      child_events->insert(ParentOf(op.path));
      return ZkCode::kOk;
    }
    case ZkOp::Kind::kCheck:
    case ZkOp::Kind::kCreate:
      break;
  }
  return ZkCode::kOk;
}

ZkCode MemoryZookeeper::Multi(const std::vector<ZkOp>& ops, int64_t session,
                              std::vector<ZkCode>* codes) {
  std::set<std::string> data_events;
  std::set<std::string> child_events;
  for (const ZkOp& op : ops) {
    traffic_.value_max = std::max<uint64_t>(traffic_.value_max, op.data.size());
  }
  if (ops.size() == 1) {
    // One that fails changes nothing: no need for a copy.
    codes->assign(1, Apply(ops.front(), session, &tree_, &data_events, &child_events));
    Fire(data_events, child_events);
    return codes->front();
  }
  Tree changed = tree_;
  for (size_t i = 0; i < ops.size(); ++i) {
    const ZkCode code = Apply(ops[i], session, &changed, &data_events, &child_events);
    if (code != ZkCode::kOk) {
      // Those before it are said to be fine, those behind it to be rolled back.
      codes->assign(ops.size(), ZkCode::kRolledBack);
      std::fill(codes->begin(), codes->begin() + static_cast<ptrdiff_t>(i), ZkCode::kOk);
      (*codes)[i] = code;
      return code;
    }
  }
  codes->assign(ops.size(), ZkCode::kOk);
  tree_ = std::move(changed);
  Fire(data_events, child_events);
  return ZkCode::kOk;
}

void MemoryZookeeper::Fire(const std::set<std::string>& data_events,
                           const std::set<std::string>& child_events) {
  const uint64_t before = traffic_.events;
  for (auto& [id, session] : sessions_) {
    for (const std::string& path : data_events) {
      if (session.data_watches.erase(path) > 0) Tell(&session, path);
    }
    for (const std::string& path : child_events) {
      if (session.child_watches.erase(path) > 0) Tell(&session, path);
    }
  }
  traffic_.fan_out_max = std::max(traffic_.fan_out_max, traffic_.events - before);
}

void MemoryZookeeper::Tell(ServerSession* session, const std::string& path) {
  ++traffic_.events;
  traffic_.bytes_out += path.size();
  session->missed.insert(path);
  const std::shared_ptr<Client> client = session->client.lock();
  if (!client || client->connection() != session->connection) return;
  client->After(options_.latency_ms(),
                [raw = client.get(), path, c = session->connection] { raw->Hear(path, c); });
}

}  // namespace tymbal::testing
