#include "search/open_sockets.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "common/check.h"

namespace tymbal::search {
namespace {

/// Returns the local port; 0 where there is none.
int PortOf(curl_socket_t socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

void OpenSockets::Attach(CURL* easy) {
  const bool set = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Open) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &Close) == CURLE_OK &&
                   curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this) == CURLE_OK;
  TYMBAL_CHECK(set, "libcurl knows these options");
}

bool OpenSockets::HasInput(int own_port) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [own_port](curl_socket_t socket) {
    char byte = 0;
    return PortOf(socket) == own_port && recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  });
}

curl_socket_t OpenSockets::Open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
  const int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  static_cast<OpenSockets*>(self)->sockets_.push_back(fd);
  return fd;
}

int OpenSockets::Close(void* self, curl_socket_t socket) {
  std::erase(static_cast<OpenSockets*>(self)->sockets_, socket);
  return close(socket);
}

}  // namespace tymbal::search
