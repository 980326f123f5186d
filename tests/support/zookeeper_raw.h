#pragma once

#include <zookeeper/zookeeper.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "support/zookeeper_proxy.h"

namespace tymbal::testing {

/// A session of ZooKeeper's own C library, for what the coordinator can't do: an operator, a
/// stranger, somebody who takes a session away. All calls block; codes are the library's. Throws
/// std::runtime_error when it can't connect within 10 s.
class ZookeeperRaw {
 public:
  /// Set by the library's thread.
  struct Flag {
    std::mutex mutex = {};
    std::condition_variable changed = {};
    bool is_set = false;
  };

  /// `credentials`: "user:password", or empty: nobody.
  explicit ZookeeperRaw(const std::string& servers, const std::string& credentials = "");
  /// Takes an existing session over; it ends with this object.
  ZookeeperRaw(const std::string& servers, const ZookeeperProxy::Session& session);
  ~ZookeeperRaw();
  ZookeeperRaw(const ZookeeperRaw&) = delete;
  ZookeeperRaw& operator=(const ZookeeperRaw&) = delete;

  /// `acl`: null makes it open to everyone.
  int Create(const std::string& path, const ACL_vector* acl = nullptr);
  int Read(const std::string& path, std::string* data = nullptr);
  int Write(const std::string& path, const std::string& data);
  int Remove(const std::string& path);
  int RemoveAll(const std::string& path);
  int Children(const std::string& path, std::vector<std::string>* names);
  /// Returns who has which rights, one "scheme:id rights" each.
  int Rights(const std::string& path, std::vector<std::string>* rights);
  int OpenToAll(const std::string& path);
  /// Returns the paths of a node and of all below it, sorted.
  std::vector<std::string> Tree(const std::string& path);

 private:
  void Connect(const std::string& servers, const clientid_t* session);

  Flag connected_;
  zhandle_t* handle_ = nullptr;
};

}  // namespace tymbal::testing
