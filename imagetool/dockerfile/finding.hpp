#pragma once
// What is said about a Dockerfile: errors, warnings and lint findings, with the source line and a caret.
// Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace ocimg::dockerfile {

/// A place in a file. Lines and columns count from 1; columns are bytes.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;  // 0: the whole line
    std::uint32_t last_line = 0;

    bool operator==(const Place&) const = default;
};

/// A warning. The rule is the name of a check ("NoEmptyContinuation").
struct Finding {
    std::string rule;
    std::string message;
    std::string description;  // of the rule
    Place place;
};

/// "Dockerfile:3:7: message", then the line of the text and a caret below the column:
///
///     Dockerfile:3:7: unknown flag "--form" of COPY (did you mean --from?)
///        3 | COPY --form=build /a /b
///          |      ^
std::string show_place(std::string_view file, std::string_view text, const Place& place,
                       std::string_view message);

/// The same with the place's line at hand: to find it anew for each of many findings takes long.
std::string show_in_line(std::string_view file, std::string_view line, const Place& place,
                         std::string_view message);

/// Where in these lines a message of an instruction points to: at the first of the words it quotes that
/// stands there, at the `${` it speaks of, else at the beginning of the instruction.
Place place_of_message(std::string_view text, const Place& lines, std::string_view message);

/// The same as an error of code `invalid`.
oci::Error error_at(std::string_view file, std::string_view text, const Place& place,
                    std::string_view message);

}  // namespace ocimg::dockerfile
