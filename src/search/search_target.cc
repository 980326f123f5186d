#include "search/search_target.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "common/host_name.h"
#include "common/secret_file.h"
#include "search/header_text.h"

namespace tymbal::search {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";
constexpr size_t kHostsMax = 256;
constexpr size_t kOpaqueIdBytesMax = 100;
constexpr std::string_view kAlphanumeric =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The names of a secret: the key of its file and the variable of the environment.
struct SecretNames {
  std::string_view key;
  std::string_view variable;
};
constexpr SecretNames kPassword = {"password_file", "TYMBAL_SOURCE_PASSWORD"};
constexpr SecretNames kApiKey = {"api_key_file", "TYMBAL_SOURCE_API_KEY"};
constexpr SecretNames kToken = {"token_file", "TYMBAL_SOURCE_TOKEN"};

Status Wrong(std::string_view key, std::string_view what) {
  return InvalidArgument(fmt::format("{}{}: {}", kSearchKeys, key, what));
}

Status WrongHost(std::string_view what) {
  return Wrong("hosts", fmt::format("{}; the form is https://HOST:PORT[/PREFIX], several separated "
                                    "by commas",
                                    what));
}

bool HasOnly(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [more](char c) {
    return kAlphanumeric.find(c) != std::string_view::npos ||
           more.find(c) != std::string_view::npos;
  });
}

bool IsPort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

/// Checks HOST:PORT or [IPV6]:PORT. Without a port it would be 80 or 443, which hardly anybody
/// means.
Status CheckAddress(std::string_view address) {
  const size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  const bool known = bracketed ? HasOnly(host.substr(1, host.size() - 2), ":.")
                               : !host.empty() && HasOnly(host, ".-_");
  if (address.starts_with('[') && address.ends_with(']')) return WrongHost("no port");
  if (!known) return WrongHost("a host with characters that no host name has");
  if (colon == std::string_view::npos) {
    return WrongHost("no port; a search server's own is 9200, that of a proxy often 443");
  }
  if (!IsPort(address.substr(colon + 1)))
    return WrongHost("a port that is no number of 1 to 65535");
  return Status::Ok();
}

Result<SearchHost> ParseHost(std::string_view url) {
  const size_t scheme = url.starts_with(kHttps) ? kHttps.size() : kHttp.size();
  if (!url.starts_with(kHttps) && !url.starts_with(kHttp)) {
    return WrongHost("a URL that begins with neither https:// nor http://");
  }
  const std::string_view rest = url.substr(scheme);
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view address = rest.substr(0, slash);
  std::string_view prefix = rest.substr(slash);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  TYMBAL_RETURN_IF_ERROR(CheckAddress(address));
  if (!HasOnly(prefix, "/-._~%")) return WrongHost("a path with characters that must be encoded");
  return SearchHost{.url = fmt::format("{}{}{}", url.substr(0, scheme), address, prefix),
                    .name = std::string(address)};
}

Status ParseHosts(std::string_view text, SearchTarget* target) {
  // First of all, and over the whole text: a password may hold whatever separates things below.
  if (text.find('@') != std::string_view::npos) {
    return Wrong("hosts", fmt::format("a URL must not hold a user or a password; write the user "
                                      "into {0}user and the password into the file of {0}{1} or "
                                      "into {2}",
                                      kSearchKeys, kPassword.key, kPassword.variable));
  }
  while (true) {
    const size_t comma = text.find(',');
    std::string_view url = text.substr(0, comma);
    while (url.starts_with(' ')) url.remove_prefix(1);
    while (url.ends_with(' ')) url.remove_suffix(1);
    if (url.empty()) return WrongHost(target->hosts.empty() ? "no host" : "nothing beside a comma");
    TYMBAL_ASSIGN_OR_RETURN(SearchHost host, ParseHost(url));
    const bool https = url.starts_with(kHttps);
    if (!target->hosts.empty() && https != target->https) {
      return Wrong("hosts", "either all servers are https:// or all are http://");
    }
    target->https = https;
    target->hosts.push_back(std::move(host));
    if (target->hosts.size() > kHostsMax) return WrongHost("more than 256 hosts");
    if (comma == std::string_view::npos) return Status::Ok();
    text.remove_prefix(comma + 1);
  }
}

/// Returns the secret of the file, or else of the environment; nothing where there is none.
Result<std::optional<std::string>> FindSecret(const SecretNames& names, const std::string& path,
                                              const Environment& environment) {
  const std::string key = fmt::format("{}{}", kSearchKeys, names.key);
  std::optional<std::string> secret;
  if (!path.empty()) {
    TYMBAL_ASSIGN_OR_RETURN(secret, ReadSecretFile(key, path));
  } else if (environment) {
    secret = environment(std::string(names.variable));
    if (secret.has_value() && secret->empty()) secret.reset();  // As "not set", in most shells.
  }
  const bool harmless =
      !secret.has_value() || std::none_of(secret->begin(), secret->end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
      });
  if (harmless) return secret;
  return InvalidArgument(fmt::format("{} holds a control character",
                                     path.empty() ? std::string(names.variable) : key));
}

/// An API key as the header wants it. Servers show it as "id", "api_key" and "encoded".
Result<std::string> EncodedApiKey(const std::string& key) {
  if (key.find(':') != std::string::npos) return Base64(key);
  if (HasOnly(key, "+/=-_")) return key;
  return Wrong(kApiKey.key, "the key is neither id:key nor what the server calls encoded");
}

Status SetAuthorization(const SearchTargetText& text, const Environment& environment,
                        SearchTarget* target) {
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<std::string> password,
                          FindSecret(kPassword, text.password_file, environment));
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<std::string> api_key,
                          FindSecret(kApiKey, text.api_key_file, environment));
  TYMBAL_ASSIGN_OR_RETURN(const std::optional<std::string> token,
                          FindSecret(kToken, text.token_file, environment));
  const bool basic = !text.user.empty() || password.has_value();
  if (int{basic} + int{api_key.has_value()} + int{token.has_value()} > 1) {
    return InvalidArgument(fmt::format(
        "{0}: more than one way to log in; keep one of user with {1} or {2}, {3} or {4}, {5} or "
        "{6}",
        kSearchKeys.substr(0, kSearchKeys.size() - 1), kPassword.key, kPassword.variable,
        kApiKey.key, kApiKey.variable, kToken.key, kToken.variable));
  }
  if (basic) {
    if (text.user.empty()) return Wrong("user", "there is a password, but no user");
    if (text.user.find(':') != std::string::npos) {
      return Wrong("user", "a user's name has no colon; the password does not belong here");
    }
    if (!password.has_value()) {
      return Wrong("user", fmt::format("there is no password; write it into a file and name that "
                                       "in {}{}, or into {}",
                                       kSearchKeys, kPassword.key, kPassword.variable));
    }
    target->authorization = "Basic " + Base64(text.user + ":" + *password);
  } else if (api_key.has_value()) {
    TYMBAL_ASSIGN_OR_RETURN(const std::string encoded, EncodedApiKey(*api_key));
    target->authorization = "ApiKey " + encoded;
  } else if (token.has_value()) {
    if (!HasOnly(*token, "-._~+/=")) {
      return Wrong(kToken.key, "the token has characters that no bearer token has");
    }
    target->authorization = "Bearer " + *token;
  }
  return Status::Ok();
}

Status SetTls(const SearchTargetText& text, SearchTarget* target) {
  const std::pair<std::string_view, const std::string&> files[] = {
      {"ca_file", text.ca_file},
      {"client_certificate_file", text.client_certificate_file},
      {"client_key_file", text.client_key_file}};
  for (const auto& [key, path] : files) {
    if (path.empty()) continue;
    if (!target->https) return Wrong(key, "it is of no use with http://; write https:// in hosts");
    if (access(path.c_str(), R_OK) != 0) return Wrong(key, "can't read the file " + path);
  }
  if (text.client_certificate_file.empty() != text.client_key_file.empty()) {
    return Wrong(text.client_key_file.empty() ? "client_key_file" : "client_certificate_file",
                 "it is missing: a certificate and its key go together");
  }
  if (!text.client_key_file.empty()) {
    TYMBAL_RETURN_IF_ERROR(
        CheckSecretFile(fmt::format("{}client_key_file", kSearchKeys), text.client_key_file));
  }
  target->ca_file = text.ca_file;
  target->client_certificate_file = text.client_certificate_file;
  target->client_key_file = text.client_key_file;
  return Status::Ok();
}

/// Nothing that was configured may end a header, a C string or a line of the log.
Status CheckCharacters(const SearchTargetText& text) {
  const std::pair<std::string_view, const std::string&> values[] = {
      {"hosts", text.hosts},
      {"user", text.user},
      {"password_file", text.password_file},
      {"api_key_file", text.api_key_file},
      {"token_file", text.token_file},
      {"ca_file", text.ca_file},
      {"client_certificate_file", text.client_certificate_file},
      {"client_key_file", text.client_key_file},
      {"opaque_id", text.opaque_id}};
  for (const auto& [key, value] : values) {
    const bool harmless = std::none_of(value.begin(), value.end(), [](char c) {
      return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
    if (!harmless) return Wrong(key, "a control character or the end of a line in it");
  }
  if (!IsPrintableAscii(text.opaque_id) || text.opaque_id.size() > kOpaqueIdBytesMax) {
    return Wrong("opaque_id", "at most 100 characters of ASCII");
  }
  return Status::Ok();
}

}  // namespace

bool SearchTarget::ShowsCredentials() const {
  if (https || authorization.empty()) return false;
  return !std::all_of(hosts.begin(), hosts.end(), [](const SearchHost& host) {
    std::string_view name(host.name);
    name = name.substr(0, name.rfind(':'));
    if (name.starts_with('[')) name = name.substr(1, name.size() - 2);
    return IsLoopbackHost(name);
  });
}

Result<SearchTarget> ParseSearchTarget(const SearchTargetText& text,
                                       const Environment& environment) {
  SearchTarget target;
  TYMBAL_RETURN_IF_ERROR(CheckCharacters(text));
  TYMBAL_RETURN_IF_ERROR(ParseHosts(text.hosts, &target));
  TYMBAL_RETURN_IF_ERROR(SetAuthorization(text, environment, &target));
  TYMBAL_RETURN_IF_ERROR(SetTls(text, &target));
  if (!text.opaque_id.empty()) target.opaque_id = text.opaque_id;
  return target;
}

}  // namespace tymbal::search
