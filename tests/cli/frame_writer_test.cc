#include "cli/frame_writer.h"

#include <gtest/gtest.h>

#include <sstream>

namespace tymbal::cli {
namespace {

TEST(FrameWriter, APipeGetsOneFrameAfterTheOtherWithAnEmptyLineBetween) {
  std::ostringstream out;
  FrameWriter frames(nullptr, out);
  EXPECT_TRUE(frames.Write("a\nb\n"));
  EXPECT_TRUE(frames.Write("c\n"));
  EXPECT_EQ(out.str(), "a\nb\n\nc\n");
}

TEST(FrameWriter, ATerminalGetsEachFrameInThePlaceOfTheOneBefore) {
  std::ostringstream out;
  FrameWriter frames([] { return 24; }, out);
  frames.Write("a\nb\n");
  EXPECT_EQ(out.str(), "\x1b[2J\x1b[?7l\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J\x1b[?7h");
  out.str("");
  frames.Write("c\n");
  EXPECT_EQ(out.str(), "\x1b[?7l\x1b[Hc\x1b[K\n\x1b[J\x1b[?7h");
}

TEST(FrameWriter, WhatATerminalHasNoRowForIsLeftOutAndSaid) {
  std::ostringstream out;
  size_t rows = 4;
  FrameWriter frames([&rows] { return rows; }, out);
  frames.Write("1\n2\n3\n");
  EXPECT_EQ(out.str().find("more"), std::string::npos);
  out.str("");
  frames.Write("1\n2\n3\n4\n5\n");
  EXPECT_EQ(out.str(),
            "\x1b[?7l\x1b[H1\x1b[K\n2\x1b[K\n... and 3 lines more\x1b[K\n\x1b[J\x1b[?7h");
  out.str("");
  rows = 24;  // The window was made larger meanwhile.
  frames.Write("1\n2\n3\n4\n5\n");
  EXPECT_NE(out.str().find("5\x1b[K"), std::string::npos);
}

TEST(FrameWriter, AStreamThatNobodyReadsIsToldOf) {
  std::ostringstream out;
  FrameWriter frames(nullptr, out);
  EXPECT_TRUE(frames.Write("a\n"));
  out.setstate(std::ios::badbit);
  EXPECT_FALSE(frames.Write("b\n"));
}

}  // namespace
}  // namespace tymbal::cli
