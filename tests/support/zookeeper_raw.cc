#include "support/zookeeper_raw.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace tymbal::testing {
namespace {

constexpr int kTimeoutMs = 10'000;

/// Of a session; runs on the library's thread.
void OnEvent(zhandle_t* /*handle*/, int /*type*/, int state, const char* /*path*/, void* context) {
  auto* const connected = static_cast<ZookeeperRaw::Flag*>(context);
  if (state != ZOO_CONNECTED_STATE) return;
  const std::lock_guard lock(connected->mutex);
  connected->is_set = true;
  connected->changed.notify_all();
}

}  // namespace

ZookeeperRaw::ZookeeperRaw(const std::string& servers, const std::string& credentials) {
  Connect(servers, nullptr);
  if (!credentials.empty()) {
    zoo_add_auth(handle_, "digest", credentials.data(), static_cast<int>(credentials.size()),
                 nullptr, nullptr);
  }
}

ZookeeperRaw::ZookeeperRaw(const std::string& servers, const ZookeeperProxy::Session& session) {
  clientid_t id{};
  id.client_id = session.id;
  session.password.copy(id.passwd, sizeof(id.passwd));
  Connect(servers, &id);
}

void ZookeeperRaw::Connect(const std::string& servers, const clientid_t* session) {
  zoo_set_debug_level(static_cast<ZooLogLevel>(0));
  handle_ = zookeeper_init(servers.c_str(), OnEvent, kTimeoutMs, session, &connected_, 0);
  std::unique_lock lock(connected_.mutex);
  if (connected_.changed.wait_for(lock, std::chrono::milliseconds(kTimeoutMs),
                                  [this] { return connected_.is_set; })) {
    return;
  }
  lock.unlock();
  zookeeper_close(handle_);
  throw std::runtime_error("no connection to " + servers);
}

ZookeeperRaw::~ZookeeperRaw() { zookeeper_close(handle_); }

int ZookeeperRaw::Create(const std::string& path, const ACL_vector* acl) {
  return zoo_create(handle_, path.c_str(), "", 0, acl != nullptr ? acl : &ZOO_OPEN_ACL_UNSAFE, 0,
                    nullptr, 0);
}

int ZookeeperRaw::Read(const std::string& path, std::string* data) {
  std::vector<char> buffer(1 << 20);
  int size = static_cast<int>(buffer.size());
  const int rc = zoo_get(handle_, path.c_str(), 0, buffer.data(), &size, nullptr);
  if (rc == ZOK && data != nullptr && size > 0) {
    data->assign(buffer.data(), static_cast<size_t>(size));
  }
  return rc;
}

int ZookeeperRaw::Write(const std::string& path, const std::string& data) {
  const int rc =
      zoo_set(handle_, path.c_str(), data.data(), static_cast<int>(data.size()), /*version=*/-1);
  if (rc != ZNONODE) return rc;
  return zoo_create(handle_, path.c_str(), data.data(), static_cast<int>(data.size()),
                    &ZOO_OPEN_ACL_UNSAFE, 0, nullptr, 0);
}

int ZookeeperRaw::Remove(const std::string& path) {
  return zoo_delete(handle_, path.c_str(), /*version=*/-1);
}

int ZookeeperRaw::RemoveAll(const std::string& path) {
  std::vector<std::string> paths = Tree(path);
  std::reverse(paths.begin(), paths.end());
  for (const std::string& each : paths) {
    const int rc = Remove(each);
    if (rc != ZOK && rc != ZNONODE) return rc;
  }
  return ZOK;
}

int ZookeeperRaw::Children(const std::string& path, std::vector<std::string>* names) {
  String_vector found{};
  const int rc = zoo_get_children(handle_, path.c_str(), 0, &found);
  if (rc != ZOK) return rc;
  names->assign(found.data, found.data + found.count);
  std::sort(names->begin(), names->end());
  deallocate_String_vector(&found);
  return rc;
}

int ZookeeperRaw::Rights(const std::string& path, std::vector<std::string>* rights) {
  ACL_vector found{};
  const int rc = zoo_get_acl(handle_, path.c_str(), &found, nullptr);
  if (rc != ZOK) return rc;
  for (int i = 0; i < found.count; ++i) {
    const ACL& one = found.data[i];
    rights->push_back(std::string(one.id.scheme) + ":" + one.id.id + " " +
                      std::to_string(one.perms));
  }
  deallocate_ACL_vector(&found);
  return rc;
}

int ZookeeperRaw::OpenToAll(const std::string& path) {
  return zoo_set_acl(handle_, path.c_str(), /*version=*/-1, &ZOO_OPEN_ACL_UNSAFE);
}

std::vector<std::string> ZookeeperRaw::Tree(const std::string& path) {
  std::vector<std::string> all = {path};
  for (size_t i = 0; i < all.size(); ++i) {
    std::vector<std::string> names;
    if (Children(all[i], &names) != ZOK) continue;
    for (const std::string& name : names) all.push_back(all[i] + "/" + name);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace tymbal::testing
