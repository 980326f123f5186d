#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tymbal::search {

/// Returns whether `text` can't break out of a header or a request's first line: printable ASCII
/// and blanks only.
bool IsPrintableAscii(std::string_view text);

/// Returns `text` with its ASCII letters in lower case.
std::string LowerCase(std::string_view text);

/// Returns the value of a header's line, without blanks around it, if its name is `name` (in lower
/// case).
std::optional<std::string_view> HeaderValue(std::string_view line, std::string_view name);

/// Returns the type of a Content-Type, without parameters and in lower case.
std::string MediaType(std::string_view content_type);

/// Returns `bytes` in the base64 of RFC 4648, as "Authorization: Basic" wants it.
std::string Base64(std::string_view bytes);

}  // namespace tymbal::search
