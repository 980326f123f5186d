#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "common/check.h"

namespace tymbal {

/// What went wrong, as far as a caller can act on it.
enum class StatusCode {
  kOk,
  kInvalidArgument,  ///< The user's options, configuration or profile are wrong.
  kBadInput,         ///< The span data can't be used.
  kNotFound,         ///< A thing that was named isn't there.
  kConflict,         ///< The store already holds something else in this place.
  kFenced,           ///< A newer epoch or token exists: whoever gets this must stop.
  kUnavailable,      ///< Nothing happened; repeat as it is, later.
  kAmbiguous,        ///< It may have happened: look before repeating.
  kExhausted,        ///< A named limit (memory, disk, size) was reached.
  kInternal,         ///< None of the above; a person must look.
};

/// How to react to an error (CONTRIBUTING.md).
enum class ErrorClass { kTransient, kAmbiguous, kPermanent };

/// The result of an operation that yields no value. Cheap when ok (no allocation).
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status Ok() { return {}; }

  bool ok() const { return code_ == StatusCode::kOk; }
  StatusCode code() const { return code_; }
  const std::string& message() const { return message_; }

  /// Returns how to react. REQUIRES: !ok().
  ErrorClass error_class() const;

  /// Returns the same error with "`context`: " before its message.
  Status WithContext(std::string_view context) const;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
};

Status InvalidArgument(std::string message);
Status BadInput(std::string message);
Status NotFound(std::string message);
Status Conflict(std::string message);
Status Fenced(std::string message);
Status Unavailable(std::string message);
Status Ambiguous(std::string message);
Status Exhausted(std::string message);
Status Internal(std::string message);

/// A value or the error that kept us from it. The member names are those of std::expected, which
/// replaces it once the compiler has one.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Status error) : state_(std::in_place_index<1>, std::move(error)) {  // NOLINT: implicit
    TYMBAL_CHECK(!std::get<1>(state_).ok(), "an ok Status is no error");
  }

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(value()); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// REQUIRES: has_value().
  T& value() {
    TYMBAL_CHECK(has_value(), "value() of an error");
    return std::get<0>(state_);
  }
  const T& value() const {
    TYMBAL_CHECK(has_value(), "value() of an error");
    return std::get<0>(state_);
  }

  /// REQUIRES: !has_value().
  const Status& error() const {
    TYMBAL_CHECK(!has_value(), "error() of a value");
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Status> state_;
};

}  // namespace tymbal

#define TYMBAL_CONCAT_INNER(a, b) a##b
#define TYMBAL_CONCAT(a, b) TYMBAL_CONCAT_INNER(a, b)

/// Returns the error of a Status expression from the enclosing function.
#define TYMBAL_RETURN_IF_ERROR(expression)                        \
  do {                                                            \
    if (::tymbal::Status status_ = (expression); !status_.ok()) { \
      return status_;                                             \
    }                                                             \
  } while (false)

/// `target = expression`, or returns the error of the Result expression.
#define TYMBAL_ASSIGN_OR_RETURN(target, expression) \
  TYMBAL_ASSIGN_OR_RETURN_IMPL(TYMBAL_CONCAT(result_, __LINE__), target, expression)
#define TYMBAL_ASSIGN_OR_RETURN_IMPL(result, target, expression) \
  auto result = (expression);                                    \
  if (!result.has_value()) return result.error();                \
  target = std::move(*result)
