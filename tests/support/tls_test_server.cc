#include "support/tls_test_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

extern char** environ;

namespace tymbal::testing {
namespace {

constexpr int kStartMsMax = 10'000;
constexpr char kAnswer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"tls\":true}";

// Run in the folder. sign NAME CA DAYS NAMES
constexpr char kMakeCertificates[] = R"(
set -e
new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
ca() {
  openssl req -x509 $new -days 2 -subj "/CN=$2" -addext basicConstraints=critical,CA:TRUE \
    -keyout "$1.key" -out "$1.pem"
}
sign() {
  openssl req $new -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
  echo "subjectAltName=$4" > names
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" \
    -extfile names -out "$1.pem"
}
here=DNS:localhost,IP:127.0.0.1
ca ca 'Tymbal test CA'
ca other-ca 'Another CA'
sign server ca 2 $here
sign old ca -1 $here
sign elsewhere ca 2 DNS:es1.example.org
sign client ca 2 DNS:tymbal
sign other-client other-ca 2 DNS:tymbal
openssl pkey -in client.key -aes256 -passout pass:secret -out locked.key
)";

}  // namespace

bool HasOpenssl() { return std::system("command -v openssl >/dev/null") == 0; }

TestCertificates::TestCertificates() {
  folder_ = std::filesystem::temp_directory_path() / "tymbal-tls-XXXXXX";
  if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("can't make " + folder_);
  std::ofstream(Path("make")) << kMakeCertificates;
  std::ofstream(Path("answer"), std::ios::binary) << kAnswer;
  const std::string command = fmt::format("cd '{}' && sh ./make >log 2>&1", folder_);
  if (std::system(command.c_str()) != 0) {
    std::ifstream log(Path("log"));
    throw std::runtime_error("openssl: " + std::string(std::istreambuf_iterator<char>(log), {}));
  }
}

TestCertificates::~TestCertificates() { std::filesystem::remove_all(folder_); }

TlsTestServer::TlsTestServer(const TestCertificates& certificates, const std::string& certificate,
                             const std::vector<std::string>& options) {
  std::string command = fmt::format(
      "cd '{}' && exec openssl s_server -accept 127.0.0.1:0 -HTTP -cert {}.pem -key {}.key",
      certificates.Path(""), certificate, certificate);
  for (const std::string& option : options) command += " " + option;
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  output_ = pipe_ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  std::string words[] = {"sh", "-c", command};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
  const int failed = posix_spawn(&pid_, "/bin/sh", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(pipe_ends[1]);
  // It says "ACCEPT 127.0.0.1:PORT" once it listens.
  std::string said;
  pollfd polled = {output_, POLLIN, 0};
  while (failed == 0 && poll(&polled, 1, kStartMsMax) > 0) {
    char buffer[256];
    const ssize_t got = read(output_, buffer, sizeof(buffer));
    if (got <= 0) break;
    said.append(buffer, static_cast<size_t>(got));
    const size_t colon = said.find("ACCEPT 127.0.0.1:");
    if (colon == std::string::npos || said.find('\n', colon) == std::string::npos) continue;
    port_ = static_cast<uint16_t>(std::stoul(said.substr(said.find(':', colon) + 1)));
    return;
  }
  throw std::runtime_error("openssl s_server does not start: " + command);
}

TlsTestServer::~TlsTestServer() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(output_);
}

}  // namespace tymbal::testing
