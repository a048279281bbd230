#pragma once
// COPY --chmod: "755", "u=rwX,go=rX", as chmod(1) takes them. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// A change of permission bits, read once and applied to many files.
class ModeChange {
public:
    /// Octal up to 07777, or clauses [ugoa...][+-=][rwxXst...|u|g|o] with commas between them. Without a
    /// "who" the clause counts for all; no umask takes part.
    static oci::Result<ModeChange> parse(std::string_view text);

    /// The new permission bits of a file that has `mode` (its permission bits only).
    [[nodiscard]] std::uint32_t apply(std::uint32_t mode, bool is_directory) const;
    /// Whether it sets all bits, whatever they were: an octal number.
    [[nodiscard]] bool is_absolute() const { return is_absolute_; }

    bool operator==(const ModeChange&) const = default;

private:
    struct Clause {
        std::uint32_t who = 0;  // mask of the bits it may touch
        char operation = '=';
        std::string permissions;  // rwxXst, or one of u g o

        bool operator==(const Clause&) const = default;
    };
    static oci::Result<void> read_clause(std::string_view text, std::vector<Clause>& clauses);

    bool is_absolute_ = false;
    std::uint32_t absolute_ = 0;
    std::vector<Clause> clauses_;
};

}  // namespace ocimg::dockerfile
