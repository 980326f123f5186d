#include "common/slot.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "common/arena.h"
#include "worker/json_text.h"

namespace tymbal {
namespace {

/// The files have lone surrogates, so the vectors' texts are taken raw and unescaped by our own
/// reader.
std::string Raw(const std::string& line, const std::string& key) {
  const size_t begin = line.find("\"" + key + "\": \"") + key.size() + 5;
  size_t end = begin;
  while (line[end] != '"') end += line[end] == '\\' ? 2 : 1;
  return line.substr(begin, end - begin);
}

uint64_t Number(const std::string& line, const std::string& key) {
  return std::stoull(line.substr(line.find("\"" + key + "\": ") + key.size() + 4));
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::string> Lines(const std::string& name) {
  std::ifstream file(std::string(TYMBAL_SOURCE_DIR) + "/tests/slots/" + name);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('{')) lines.push_back(line);
  }
  return lines;
}

void Check(const std::string& line, const std::string& app, const std::string& service,
           const std::string& method) {
  EXPECT_EQ(EndpointHash(app, service, method), Number(line, "h")) << line;
  EXPECT_EQ(Fmix32(EndpointHash(app, service, method)), Number(line, "mixed")) << line;
  EXPECT_EQ(SlotOf(app, service, method, 1024), Number(line, "slot")) << line;
}

TEST(Slot, EqualsTheVectorsThatOtherLanguagesCompute) {
  const auto lines = Lines("vectors.json");
  ASSERT_GE(lines.size(), 40U);
  for (const std::string& line : lines) {
    Arena arena;
    const auto text = [&](const char* key) {
      return std::string(worker::Unescape(Raw(line, key), &arena).value());
    };
    Check(line, text("app"), text("service"), text("method"));
  }
}

TEST(Slot, EqualsTheVectorsOfIllFormedBytes) {
  const auto lines = Lines("byte_vectors.json");
  ASSERT_GE(lines.size(), 20U);
  for (const std::string& line : lines) {
    Check(line, FromHex(Raw(line, "app_hex")), FromHex(Raw(line, "service_hex")),
          FromHex(Raw(line, "method_hex")));
  }
}

}  // namespace
}  // namespace tymbal
