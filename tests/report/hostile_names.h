#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tymbal::report {

/// Names that harm careless renderers.
inline std::vector<std::string> HostileNames() {
  using std::string_literals::operator""s;
  std::string heap = "Z";
  for (int i = 0; i < 1000; ++i) heap += "\u0301";
  return {"\x1b[2J\x1b]0;owned\x07",
          "GET /\u202egpj.exe",
          "nul\0byte"s,
          std::string(4096, 'x'),
          "订单接口创建支付服务订单接口创建支付服务",
          "😀😀👩‍👩‍👧‍👦 emoji 🚀",
          "bad \xff\xfe\xc3\x28 utf-8 \xed\xa0\x80",
          "=cmd|' /C calc'!A0",
          "line\r\nbreak\ttab",
          "\u200b\ufeff\u00ad",
          "\u009b31mC1",
          std::move(heap),
          "\u0301mark first",
          ""};
}

}  // namespace tymbal::report
