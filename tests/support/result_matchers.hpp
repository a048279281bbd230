#pragma once
// GoogleTest matchers for Result: EXPECT_THAT(result, IsOk()), EXPECT_THAT(result, FailsWith("text")).

#include <gmock/gmock.h>

#include <string>

#include "base/result.hpp"

namespace oci::test {

MATCHER(IsOk, negation ? "is an error" : "is a value") {
    if (arg.has_value()) return true;
    *result_listener << "which fails with \"" << arg.error().text << "\"";
    return false;
}

/// The result is an error whose text contains `part`.
MATCHER_P(FailsWith, part, "fails with a text containing \"" + std::string(part) + "\"") {
    if (arg.has_value()) {
        *result_listener << "which is a value";
        return false;
    }
    *result_listener << "which fails with \"" << arg.error().text << "\"";
    return arg.error().text.find(part) != std::string::npos;
}

MATCHER_P(HasErrno, number, "fails with that errno") {
    return !arg.has_value() && arg.error().system_errno == number;
}

}  // namespace oci::test
