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

/// 31 * h + c over the characters, which are all below U+10000.
uint32_t Slowly(const std::u16string& characters) {
  uint32_t h = 0;
  for (const char16_t c : characters) h = 31 * h + c;
  return h;
}

TEST(Slot, HashesNamesOfEveryLengthCharacterByCharacter) {
  for (size_t size = 0; size <= 40; ++size) {
    std::string name;
    for (size_t i = 0; i < size; ++i) name.push_back(static_cast<char>(0x7F - 3 * i));
    const std::u16string characters(name.begin(), name.end());
    EXPECT_EQ(EndpointHash("", "", name), Slowly(characters)) << name;
    EXPECT_EQ(EndpointHash("", name, "x"), Slowly(characters + u'\0' + u'x')) << name;
    for (size_t at = 0; at < size; ++at) {
      const std::string other = name.substr(0, at) + "\u00e9" + name.substr(at + 1);
      std::u16string others = characters;
      others[at] = u'\u00e9';
      EXPECT_EQ(EndpointHash("", "", other), Slowly(others)) << other;
    }
  }
}

}  // namespace
}  // namespace tymbal
