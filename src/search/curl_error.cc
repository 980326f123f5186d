#include "search/curl_error.h"

#include <fmt/format.h>

#include <string>

#include "common/text.h"

namespace tymbal::search {
namespace {

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Key(std::string_view name) { return std::string(kSearchKeys) + std::string(name); }

/// The server's certificate didn't pass.
Status WrongCertificate(const CurlFailure& failure, const std::string& what) {
  if (Has(failure.detail, "subject name") || Has(failure.detail, "does not match")) {
    return InvalidArgument(
        fmt::format("{}: its certificate is for other names; write one of those into {}, or give "
                    "the server a certificate for this one",
                    what, Key("hosts")));
  }
  if (Has(failure.detail, "expired") || Has(failure.detail, "not yet valid")) {
    return InvalidArgument(fmt::format(
        "{}: renew the server's certificate, or set the clock of this machine right", what));
  }
  if (failure.target.ca_file.empty()) {
    return InvalidArgument(
        fmt::format("{}: no authority that this machine trusts has signed the server's "
                    "certificate; name the file of its CA in {}",
                    what, Key("ca_file")));
  }
  return InvalidArgument(
      fmt::format("{}: {} does not hold the CA that signed the server's certificate; put the right "
                  "one into {}",
                  what, failure.target.ca_file, Key("ca_file")));
}

/// An alert or an error of the TLS protocol, in whatever phase it comes: with TLS 1.3 a server
/// refuses a client's certificate only when the client reads the answer.
Status TlsFailure(const CurlFailure& failure, const std::string& what) {
  if (Has(failure.detail, "wrong version number") || Has(failure.detail, "http request")) {
    return InvalidArgument(
        fmt::format("{}: it speaks no TLS; is it http:// in {}?", what, Key("hosts")));
  }
  if (Has(failure.detail, "protocol version") || Has(failure.detail, "unsupported protocol")) {
    return InvalidArgument(what + ": it offers nothing from TLS 1.2 on; update the server");
  }
  if (Has(failure.detail, "alert") && !Has(failure.detail, "internal error")) {
    if (failure.target.client_certificate_file.empty()) {
      return InvalidArgument(
          fmt::format("{}: it probably wants a certificate of its clients; name one in {} and {}",
                      what, Key("client_certificate_file"), Key("client_key_file")));
    }
    return InvalidArgument(
        fmt::format("{}: it does not accept the certificate of {}; use one that its CA has signed",
                    what, Key("client_certificate_file")));
  }
  return Unavailable(what);
}

}  // namespace

Status CurlError(const CurlFailure& failure) {
  const std::string_view detail =
      failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail;
  const std::string what = fmt::format("{}: {}", failure.host.name, Printable(detail));
  switch (failure.code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Unavailable(fmt::format(
          "{}; it has the {} ms of {}, and less to connect: the server is overloaded, or the "
          "network loses what is sent",
          what, failure.deadline.count(), Key("deadline")));
    case CURLE_PARTIAL_FILE:
      return Unavailable(what + ": the answer was cut, and a part is no answer");
    case CURLE_GOT_NOTHING:
      return Unavailable(fmt::format(
          "{}: it hung up without an answer{}", what,
          failure.target.https ? "" : fmt::format("; is it https:// in {}?", Key("hosts"))));
    case CURLE_PEER_FAILED_VERIFICATION:
      return WrongCertificate(failure, what);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (Has(failure.detail, "SSL routines")) return TlsFailure(failure, what);
      return Unavailable(!failure.target.https || !Has(failure.detail, "getpeername")
                             ? what
                             : fmt::format("{}: it hung up as soon as TLS was agreed; does it want "
                                           "another certificate of its clients in {}?",
                                           what, Key("client_certificate_file")));
    case CURLE_SSL_CACERT_BADFILE:
      return InvalidArgument(
          fmt::format("{}: {} needs a file in PEM form that can be read", what, Key("ca_file")));
    case CURLE_SSL_CERTPROBLEM:
      return InvalidArgument(
          fmt::format("{}: {} and {} need files in PEM form that belong together, the key without "
                      "a passphrase",
                      what, Key("client_certificate_file"), Key("client_key_file")));
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED:
      return InvalidArgument(what);
    case CURLE_URL_MALFORMAT:
      return InvalidArgument(fmt::format("{}: look at {}", what, Key("hosts")));
    case CURLE_UNSUPPORTED_PROTOCOL:  // Also for an answer that doesn't begin as one of HTTP.
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return BadInput(
          fmt::format("{}: that is no HTTP; does {} name a search server?", what, Key("hosts")));
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:
      return Exhausted(what);
    case CURLE_FAILED_INIT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
      return Internal(what);
    default:  // Of about 90 codes: names, connections, sockets. A repetition has its limit.
      return Unavailable(what);
  }
}

}  // namespace tymbal::search
