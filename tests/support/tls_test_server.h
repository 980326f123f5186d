#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tymbal::testing {

/// Returns whether there is an openssl to make certificates and serve with.
bool HasOpenssl();

/// A folder of certificates, removed at the end: ca.pem, which signed server.pem (for localhost and
/// 127.0.0.1), old.pem (the same, expired), elsewhere.pem (for es1.example.org) and client.pem;
/// other-ca.pem, which signed other-client.pem. Each has its NAME.key; locked.key is that of
/// client.pem behind a passphrase. REQUIRES: HasOpenssl().
class TestCertificates {
 public:
  /// Throws std::runtime_error.
  TestCertificates();
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
};

/// `openssl s_server` on a free port of 127.0.0.1, which answers GET /answer with {"tls":true}.
/// Ends in the destructor.
class TlsTestServer {
 public:
  /// `certificate` is a name such as "server"; `options` go to s_server. Throws std::runtime_error.
  TlsTestServer(const TestCertificates& certificates, const std::string& certificate,
                const std::vector<std::string>& options = {});
  ~TlsTestServer();
  TlsTestServer(const TlsTestServer&) = delete;
  TlsTestServer& operator=(const TlsTestServer&) = delete;

  uint16_t port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  uint16_t port_ = 0;
};

}  // namespace tymbal::testing
