// Whole files: what is read from each stands beside it in tests/golden/dockerfile, the error of a broken one
// too. OCI_UPDATE_GOLDEN=1 writes the texts anew.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "imagetool/dockerfile/describe.hpp"
#include "imagetool/dockerfile/scope.hpp"

namespace ocimg::dockerfile {
namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> golden_names() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(OCI_GOLDEN_DIRECTORY))
        if (entry.path().extension() == ".Dockerfile") names.push_back(entry.path().stem().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string read_as(const std::string& text, const std::string& name) {
    const auto file = parse_dockerfile(text, name + ".Dockerfile");
    return file ? describe(*file) : "error: " + file.error().text + "\n";
}

class GoldenDockerfile : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenDockerfile, is_read_as_recorded) {
    const std::filesystem::path directory = OCI_GOLDEN_DIRECTORY;
    const std::string read = read_as(content_of(directory / (GetParam() + ".Dockerfile")), GetParam());
    const std::filesystem::path recorded = directory / (GetParam() + ".txt");
    if (std::getenv("OCI_UPDATE_GOLDEN") != nullptr) std::ofstream(recorded, std::ios::binary) << read;
    EXPECT_EQ(read, content_of(recorded));
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenDockerfile, ::testing::ValuesIn(golden_names()), [](const auto& test) {
    std::string name = test.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
});

TEST(GoldenDockerfiles, there_are_sixty) {
    EXPECT_GE(golden_names().size(), 60U);
}

/// Parses the text, and expands whatever comes of it.
void parse_and_expand(const std::string& text) {
    const auto file = parse_dockerfile(text, "random");
    if (!file) {
        EXPECT_FALSE(file.error().text.empty());
        return;
    }
    (void)describe(*file);
    ExpansionBudget budget;
    GlobalScope globals{BuildArguments{}};
    for (const Instruction& arg : file->global_args)
        (void)globals.define(arg, file->directives.escape, budget);
    for (const Stage& stage : file->stages) {
        StageScope scope(globals, {});
        for (const Instruction& line : stage.instructions)
            if (!scope.enter(line, file->directives.escape, budget)) break;
    }
}

TEST(RandomDockerfiles, damaged_files_are_read_or_refused) {
    std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same files every time
    std::vector<std::string> texts;
    for (const std::string& name : golden_names())
        texts.push_back(content_of(std::filesystem::path(OCI_GOLDEN_DIRECTORY) / (name + ".Dockerfile")));
    const std::string bytes = "\\\n\"'${}[]<>#=:-/%,*?` \t\r\0\xff@ab1";
    for (int round = 0; round < 4000; ++round) {
        std::string text = texts[random() % texts.size()];
        for (std::size_t edits = 1 + random() % 4; edits > 0 && !text.empty(); --edits) {
            const std::size_t at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 4) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.insert(at, 1, byte);
                    break;
                case 2:
                    text.erase(at, random() % 8);
                    break;
                default:
                    text += texts[random() % texts.size()].substr(0, random() % 100);
            }
        }
        parse_and_expand(text);
    }
}

TEST(RandomDockerfiles, words_out_of_the_alphabet_of_the_language_end) {
    std::mt19937 random(2);  // NOLINT(bugprone-random-generator-seed): the same files every time
    const std::vector<std::string> parts = {"${",  "}",  "$a",  ":-",       "#",     "##", "%", "/",
                                            "//",  "*",  "?",   "\\",       "\"",    "'",  "a", " ",
                                            "<<E", "\n", "E\n", "--mount=", "type=", ",",  "[", "]"};
    for (int round = 0; round < 4000; ++round) {
        std::string text = "FROM a\nENV a=b\n";
        for (const char* keyword : {"ENV x=", "COPY ", "RUN "}) {
            text += keyword;
            for (std::size_t count = random() % 12; count > 0; --count)
                text += parts[random() % parts.size()];
            text += "\n";
        }
        parse_and_expand(text);
    }
}

}  // namespace
}  // namespace ocimg::dockerfile
