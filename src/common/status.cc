#include "common/status.h"

namespace tymbal {

ErrorClass Status::error_class() const {
  TYMBAL_CHECK(!ok(), "an ok status has no error class");
  switch (code_) {
    case StatusCode::kUnavailable:
      return ErrorClass::kTransient;
    case StatusCode::kAmbiguous:
      return ErrorClass::kAmbiguous;
    case StatusCode::kOk:
    case StatusCode::kInvalidArgument:
    case StatusCode::kBadInput:
    case StatusCode::kNotFound:
    case StatusCode::kConflict:
    case StatusCode::kFenced:
    case StatusCode::kExhausted:
    case StatusCode::kInternal:
      return ErrorClass::kPermanent;
  }
  return ErrorClass::kPermanent;
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  return {code_, std::string(context) + ": " + message_};
}

Status InvalidArgument(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}
Status BadInput(std::string message) { return {StatusCode::kBadInput, std::move(message)}; }
Status NotFound(std::string message) { return {StatusCode::kNotFound, std::move(message)}; }
Status Conflict(std::string message) { return {StatusCode::kConflict, std::move(message)}; }
Status Fenced(std::string message) { return {StatusCode::kFenced, std::move(message)}; }
Status Unavailable(std::string message) { return {StatusCode::kUnavailable, std::move(message)}; }
Status Ambiguous(std::string message) { return {StatusCode::kAmbiguous, std::move(message)}; }
Status Exhausted(std::string message) { return {StatusCode::kExhausted, std::move(message)}; }
Status Internal(std::string message) { return {StatusCode::kInternal, std::move(message)}; }

}  // namespace tymbal
