#pragma once
// Rows for tests of validate(): members that are put into a valid config, and the finding expected.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spec/runtime/config_json.hpp"
#include "tests/support/result_matchers.hpp"

namespace oci::spec::test {

enum class Place { top, process, linux_section };

struct Row {
    Place place;
    std::string members;  // JSON properties
    std::string finding;  // part of the error; empty: valid
};

inline constexpr Place top = Place::top;
inline constexpr Place process = Place::process;
inline constexpr Place linux_section = Place::linux_section;

inline std::string config_text(const Row& row) {
    std::string in_top = R"("ociVersion":"1.3.0","root":{"path":"rootfs"})";
    std::string in_process = R"("args":["sh"],"cwd":"/")";
    std::string in_linux;
    if (row.place == Place::top) in_top = row.members;
    if (row.place == Place::process) in_process = row.members;
    if (row.place == Place::linux_section) in_linux = row.members;
    return "{" + in_top + ",\"process\":{" + in_process + "},\"linux\":{" + in_linux + "}}";
}

inline void expect_rows(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const auto config = load_runtime_config(config_text(row), "c");
        if (row.finding.empty()) {
            EXPECT_THAT(config, oci::test::IsOk()) << row.members;
        } else {
            EXPECT_THAT(config, oci::test::FailsWith(row.finding)) << row.members;
        }
    }
}

}  // namespace oci::spec::test
