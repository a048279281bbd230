#include "imagetool/dockerfile/glob.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

struct Case {
    const char* pattern;
    const char* path;
    bool matches;
};

class Glob : public ::testing::TestWithParam<Case> {};

TEST_P(Glob, matches_as_filepath_match) {
    EXPECT_EQ(matches_glob(GetParam().pattern, GetParam().path), GetParam().matches)
        << GetParam().pattern << " on " << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Glob,
    ::testing::Values(
        Case{"abc", "abc", true}, Case{"*", "abc", true}, Case{"*c", "abc", true}, Case{"a*", "a", true},
        Case{"a*", "abc", true}, Case{"a*", "ab/c", false}, Case{"a*/b", "abc/b", true},
        Case{"a*/b", "a/c/b", false}, Case{"a*b*c*d*e*/f", "axbxcxdxe/f", true},
        Case{"a*b*c*d*e*/f", "axbxcxdxexxx/f", true}, Case{"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
        Case{"a*b?c*x", "abxbbxdbxebxczzx", true}, Case{"a*b?c*x", "abxbbxdbxebxczzy", false},
        Case{"ab[c]", "abc", true}, Case{"ab[b-d]", "abc", true}, Case{"ab[e-g]", "abc", false},
        Case{"ab[^c]", "abc", false}, Case{"ab[^b-d]", "abc", false}, Case{"ab[^e-g]", "abc", true},
        Case{"a\\*b", "a*b", true}, Case{"a\\*b", "ab", false}, Case{"a?b", "a☺b", true},
        Case{"a[^a]b", "a☺b", true}, Case{"a???b", "a☺b", false}, Case{"a[^a][^a][^a]b", "a☺b", false},
        Case{"[a-ζ]*", "α", true}, Case{"*[a-ζ]", "A", false}, Case{"a?b", "a/b", false},
        Case{"a*b", "a/b", false}, Case{"[\\]a]", "]", true}, Case{"[\\-]", "-", true},
        Case{"[x\\-]", "x", true}, Case{"[x\\-]", "-", true}, Case{"[x\\-]", "z", false},
        Case{"[\\-x]", "a", false}, Case{"[]a]", "]", false}, Case{"[-]", "-", false},
        Case{"[a-b-c]", "a", false}, Case{"[", "a", false}, Case{"a[", "a", false}, Case{"*x", "xxx", true},
        Case{"", "", true}, Case{"*", "", true}, Case{"", "a", false}, Case{"a/*", "a", false}));

TEST(GlobParts, wildcards_are_found_unless_escaped) {
    EXPECT_TRUE(has_wildcard("a*"));
    EXPECT_TRUE(has_wildcard("a[b]"));
    EXPECT_FALSE(has_wildcard("a\\*"));
    EXPECT_EQ(unescaped_glob("a\\*b\\\\"), "a*b\\");
}

TEST(GlobParts, bad_patterns_are_told) {
    EXPECT_THAT(check_glob("a*[b-d]\\["), IsOk());
    EXPECT_THAT(check_glob("[a-"), FailsWith("\"[a-\" is no pattern"));
    EXPECT_THAT(check_glob("[]"), FailsWith("is no pattern"));
    EXPECT_THAT(check_glob("a\\"), FailsWith("lone \\"));
}

TEST(GlobParts, B17_many_stars_take_linear_time) {
    std::string pattern;
    for (int i = 0; i < 1000; ++i) pattern += "a*";
    EXPECT_FALSE(matches_glob(pattern + "b", std::string(20'000, 'a')));
    EXPECT_TRUE(matches_glob(pattern, std::string(20'000, 'a')));
}

}  // namespace
}  // namespace ocimg::dockerfile
