#include "conformance/harness/requirements.hpp"

#include <gtest/gtest.h>

#include "conformance/harness/json.hpp"
#include "conformance/harness/sha256.hpp"
#include "conformance/harness/tar_builder.hpp"

namespace conformance {
namespace {

Requirement requirement(const std::string& id, const std::vector<std::string>& cases) {
    Requirement one;
    one.id = id;
    one.cases = cases;
    return one;
}

TEST(Statements, lines_with_the_words_are_found_below_their_headings) {
    const auto found =
        find_statements("s", "f.md",
                        "# <a name=\"x\" />Title\nIt MUST be.\nIt MUSTn't.\n```\nMUST in an example\n```\n"
                        "## Next\n* **`a`** (string, REQUIRED) is a\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].heading, "Title");
    EXPECT_EQ(found[0].line, 2U);
    EXPECT_EQ(found[1].heading, "Next");
}

TEST(Statements, an_anchor_is_of_the_words_and_not_of_the_spaces) {
    EXPECT_EQ(anchor_of("It  MUST be. "), anchor_of("It MUST be."));
    EXPECT_NE(anchor_of("It MUST be."), anchor_of("It MUST NOT be."));
}

TEST(Coverage, a_case_that_is_not_cited_and_a_citation_of_no_case_are_found) {
    const auto problems = check_coverage({requirement("r.a", {"x/one", "x/none"})}, {"x/one", "x/two"});
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_EQ(problems[0], "r.a: there is no case x/none");
    EXPECT_EQ(problems[1], "the case x/two tests no requirement");
}

TEST(Coverage, an_id_stands_once) {
    EXPECT_EQ(
        check_coverage({requirement("r.a", {"x/one"}), requirement("r.a", {"x/one"})}, {"x/one"}).size(), 1U);
}

TEST(Json, pointers_make_change_and_remove) {
    Json json = Json::of(R"({"a": {"b": [1, 2]}})");
    json.set("/a/b/-", Json::number(3));
    json.set("/c/d", Json::text("x"));
    json.set("/e~1f/-", Json::boolean(true));
    json.erase("/a/b/0");
    EXPECT_EQ(json, Json::of(R"({"c": {"d": "x"}, "a": {"b": [2, 3]}, "e/f": [true]})"));
    EXPECT_TRUE(json.at("/a/b/7").is_null());
    EXPECT_EQ(json.at("/e~1f").dump(), "[true]");
}

TEST(Sha256, known_digests) {
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256(std::string(1000000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
}

TEST(TarBuilder, entries_are_padded_to_blocks) {
    EXPECT_EQ(TarBuilder().file("a", "x").bytes().size(), 512U + 512U + 1024U);
    EXPECT_EQ(TarBuilder().record("k", "v").file("a", "").bytes().size(), 512U + 512U + 512U + 1024U);
}

}  // namespace
}  // namespace conformance
