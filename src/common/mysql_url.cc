#include "common/mysql_url.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "common/secret_file.h"

namespace tymbal {
namespace {

constexpr std::string_view kScheme = "mysql://";
constexpr std::string_view kPasswordVariable = "TYMBAL_STORE_PASSWORD";
constexpr int kConnectTimeoutMaxS = 3600;
constexpr std::string_view kForm =
    "the form is mysql://USER@HOST[:PORT]/DATABASE[?ca=FILE&tls=verify&password_file=FILE]";

Status Wrong(std::string_view what) {
  return InvalidArgument(fmt::format("the store's URL: {}; {}", what, kForm));
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> Decode(std::string_view text, std::string_view what) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Wrong(fmt::format("a % without two digits in the {}", what));
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (out.find('\0') != std::string::npos) return Wrong(fmt::format("a NUL in the {}", what));
  return out;
}

std::optional<int> ParseNumber(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 1 && value <= max ? std::optional<int>(value) : std::nullopt;
}

Status ParseHost(std::string_view text, MysqlTarget* target) {
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Wrong("a [ without ] in the host");
    target->host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return Wrong("something behind the ]");
  } else {
    const size_t colon = text.find(':');
    target->host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon);
  }
  if (target->host.empty()) return Wrong("no host");
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%";
  if (target->host.find_first_not_of(kAllowed) != std::string::npos) {
    return Wrong("the host has characters that no host name has");
  }
  if (port.empty()) return Status::Ok();
  const std::optional<int> number = ParseNumber(port.substr(1), 65535);
  if (!number.has_value()) return Wrong("the port is no number of 1 to 65535");
  target->port = static_cast<uint16_t>(*number);
  return Status::Ok();
}

struct Parameters {
  std::optional<std::string> tls;
  std::optional<std::string> password_file;
};

Status ParseParameter(std::string_view name, const std::string& value, MysqlTarget* target,
                      Parameters* parameters) {
  if (name == "ca") {
    target->ca_file = value;
  } else if (name == "tls") {
    parameters->tls = value;
  } else if (name == "password_file") {
    parameters->password_file = value;
  } else if (name == "connect_timeout") {
    const std::optional<int> seconds = ParseNumber(value, kConnectTimeoutMaxS);
    if (!seconds.has_value()) return Wrong("connect_timeout is a number of seconds, 1 to 3600");
    target->connect_timeout_s = *seconds;
  } else if (name == "password" || name == "pass" || name == "pwd") {
    return InvalidArgument(
        "the store's URL holds a password, which everybody sees in the list of processes; put it "
        "into a file and name that with ?password_file=, or into TYMBAL_STORE_PASSWORD");
  } else {
    // Its name may be a part of a password with a & in it.
    return Wrong("an unknown parameter; there are ca, tls, password_file and connect_timeout");
  }
  return Status::Ok();
}

Status ParseQuery(std::string_view query, MysqlTarget* target, Parameters* parameters) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (item.empty()) continue;
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) return Wrong("a parameter without =");
    TYMBAL_ASSIGN_OR_RETURN(const std::string value, Decode(item.substr(equals + 1), "parameters"));
    if (value.empty()) return Wrong("a parameter without a value");
    TYMBAL_RETURN_IF_ERROR(ParseParameter(item.substr(0, equals), value, target, parameters));
  }
  return Status::Ok();
}

Status SetTls(const std::optional<std::string>& tls, MysqlTarget* target) {
  if (!tls.has_value()) {
    const bool on = !IsLoopbackHost(target->host) || !target->ca_file.empty();
    target->tls = on ? MysqlTls::kVerify : MysqlTls::kOff;
  } else if (*tls == "verify") {
    target->tls = MysqlTls::kVerify;
  } else if (*tls == "required") {
    target->tls = MysqlTls::kRequired;
  } else if (*tls == "off") {
    target->tls = MysqlTls::kOff;
  } else {
    return Wrong("tls is verify, required or off");
  }
  if (target->tls == MysqlTls::kOff && !target->ca_file.empty()) {
    return Wrong("a ca is of no use with tls=off");
  }
  if (!target->ca_file.empty() && access(target->ca_file.c_str(), R_OK) != 0) {
    return InvalidArgument("can't read the file of ca, " + target->ca_file);
  }
  return Status::Ok();
}

}  // namespace

bool IsMysqlUrl(std::string_view store) { return store.starts_with(kScheme); }

bool IsLoopbackHost(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // 127.0.0.0/8, as four numbers: 127.evil.example is somebody else's.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

Result<MysqlTarget> ParseMysqlUrl(std::string_view url, const Environment& environment) {
  if (!IsMysqlUrl(url)) return Wrong("it doesn't begin with mysql://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find('#') != std::string_view::npos) return Wrong("a #; write %23");
  const size_t question = rest.find('?');
  const std::string_view query =
      question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  rest = rest.substr(0, question);
  const size_t at = rest.rfind('@');  // The last: a password may hold others.
  if (at == std::string_view::npos || at == 0) return Wrong("no user");
  if (rest.substr(0, at).find(':') != std::string_view::npos) {
    return InvalidArgument(
        "the store's URL holds a password, which everybody sees in the list of processes; put it "
        "into a file and name that with ?password_file=, or into TYMBAL_STORE_PASSWORD");
  }
  MysqlTarget target;
  TYMBAL_ASSIGN_OR_RETURN(target.user, Decode(rest.substr(0, at), "user"));
  rest.remove_prefix(at + 1);
  const size_t slash = rest.find('/');
  TYMBAL_RETURN_IF_ERROR(ParseHost(rest.substr(0, slash), &target));
  if (slash == std::string_view::npos || slash + 1 == rest.size()) return Wrong("no database");
  TYMBAL_ASSIGN_OR_RETURN(target.database, Decode(rest.substr(slash + 1), "database"));
  if (target.database.find_first_of("/\\.`") != std::string::npos) {
    return Wrong("a database has none of / \\ . ` in its name");
  }
  Parameters parameters;
  TYMBAL_RETURN_IF_ERROR(ParseQuery(query, &target, &parameters));
  TYMBAL_RETURN_IF_ERROR(SetTls(parameters.tls, &target));
  if (parameters.password_file.has_value()) {
    TYMBAL_ASSIGN_OR_RETURN(target.password,
                            ReadSecretFile(*parameters.password_file, "the password file"));
  } else if (environment) {
    target.password = environment(std::string(kPasswordVariable)).value_or("");
  }
  return target;
}

}  // namespace tymbal
