#pragma once
// What the single checks share: where they put what they find. Pure.

#include <string>
#include <string_view>

#include "imagetool/dockerfile/check_dockerfile.hpp"

namespace ocimg::dockerfile {

/// Takes findings, leaves out those that are skipped or not asked for.
class Findings {
public:
    Findings(const Dockerfile& file, const CheckOptions& options);

    /// A finding about an instruction; the caret stands below `word` when it is found in its lines.
    void add(std::string_view rule, const Instruction& at, std::string message, std::string_view word = {});
    void add(std::string_view rule, const Place& place, std::string message);
    /// By line, then by rule.
    std::vector<Finding> take();

private:
    [[nodiscard]] bool counts(std::string_view rule) const;
    [[nodiscard]] std::string_view line_of(std::uint32_t number) const;
    [[nodiscard]] Place place_of(const LineRange& lines, std::string_view word) const;

    const Dockerfile& file_;
    const CheckOptions& options_;
    std::vector<std::size_t> line_starts_;
    std::vector<Finding> found_;
};

/// Casing and names of instructions and stages; comments that should describe them.
void check_names(const Dockerfile& file, Findings& findings);
/// What a single instruction or the instructions of a stage say, without a look at variables.
void check_instructions(const Dockerfile& file, Findings& findings);
/// COPY and ADD of what the ignore file leaves out. `copy` is expanded.
void check_ignored(const Instruction& copy, const IgnoreMatcher& ignore, Findings& findings);

}  // namespace ocimg::dockerfile
