#pragma once

#include <cstdio>
#include <cstdlib>

/// States an invariant of our own code. Stays on in release builds and aborts. Never used for input
/// or for another machine's behaviour: those are errors, and errors are a `Status`.
#define TYMBAL_CHECK(condition, message)                                                      \
  do {                                                                                        \
    if (!(condition)) [[unlikely]] {                                                          \
      std::fprintf(stderr, "%s:%d: invariant broken: %s (%s)\n", __FILE__, __LINE__, message, \
                   #condition);                                                               \
      std::abort();                                                                           \
    }                                                                                         \
  } while (false)
