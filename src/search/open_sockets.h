#pragma once

#include <curl/curl.h>

#include <vector>

namespace tymbal::search {

/// The sockets that a libcurl handle has open, since it doesn't tell which one a request will take
/// until that is over. Thread: confined to that of the handle, which it must outlive.
class OpenSockets {
 public:
  /// Opens and closes the sockets of `easy` from now on.
  void Attach(CURL* easy);

  /// Returns whether something came in, and was not read yet, at the socket with this port of ours.
  bool HasInput(int own_port) const;

 private:
  static curl_socket_t Open(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int Close(void* self, curl_socket_t socket);

  std::vector<curl_socket_t> sockets_;
};

}  // namespace tymbal::search
