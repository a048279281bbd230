#include "base/result.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <memory>

#include "tests/support/result_matchers.hpp"

namespace oci {
namespace {

using test::FailsWith;
using test::IsOk;

Result<int> half(int number) {
    if (number % 2 != 0) return failure(ErrorCode::invalid, std::to_string(number) + " is odd");
    return number / 2;
}

Result<int> quarter(int number) {
    return TRY(half(TRY(half(number))));
}

Result<void> check(int number) {
    TRY(quarter(number));
    return {};
}

TEST(Result, try_unwraps_values) {
    const auto result = quarter(12);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(*result, 3);
}

TEST(Result, try_returns_the_first_error) {
    EXPECT_THAT(quarter(6), FailsWith("3 is odd"));
    EXPECT_THAT(check(7), FailsWith("7 is odd"));
    EXPECT_EQ(check(7).error().code, ErrorCode::invalid);
}

TEST(Result, context_stands_in_front) {
    EXPECT_EQ(quarter(6).in("mounts[1]").in("create").error().text, "create: mounts[1]: 3 is odd");
}

TEST(Result, values_may_be_move_only) {
    const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
    const auto use = [&]() -> Result<int> { return *TRY(make()); };
    EXPECT_EQ(*use(), 7);
}

TEST(Error, system_failures_carry_errno_kind_and_lower_case_text) {
    const Error error = system_failure(ENOENT, "open /x");
    EXPECT_EQ(error.text, "open /x: no such file or directory");
    EXPECT_EQ(error.code, ErrorCode::not_found);
    EXPECT_EQ(error.system_errno, ENOENT);
    EXPECT_EQ(system_failure(EEXIST, "x").code, ErrorCode::exists);
    EXPECT_EQ(system_failure(EPERM, "x").code, ErrorCode::system);
    EXPECT_EQ(errno_text(99999), "error number 99999");
}

}  // namespace
}  // namespace oci
