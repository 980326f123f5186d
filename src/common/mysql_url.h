#pragma once

#include <string>
#include <string_view>

#include "common/config.h"
#include "common/mysql_options.h"
#include "common/status.h"

namespace tymbal {

/// Returns whether a store is named by a URL of MySQL; everything else is its parser's business.
bool IsMysqlUrl(std::string_view store);

/// Parses
///   mysql://USER@HOST[:PORT]/DATABASE[?ca=FILE&tls=required|verify|off&password_file=FILE
///   &connect_timeout=SECONDS]
/// and reads the password, from the file or from TYMBAL_STORE_PASSWORD; neither: there is none. In
/// USER, DATABASE and FILE %XX stands for a byte. Without `tls` it is `verify`, but `off` for the
/// machine's own addresses. Errors: kInvalidArgument with the cure: a password in the URL, a
/// password file that others may read, anything unknown. Never shows the URL: it may hold a
/// password (I10).
Result<MysqlTarget> ParseMysqlUrl(std::string_view url, const Environment& environment);

}  // namespace tymbal
