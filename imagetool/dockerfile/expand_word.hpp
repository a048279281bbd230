#pragma once
// Variables in the words of a Dockerfile: $name, ${name:-default} and the other modifiers, quotes, escapes.
// Pure.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ocimg::dockerfile {

/// The value of a variable, or nothing when it is not set.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// What the expansions of one file may cost. Once it is used up, every further one is an error.
struct ExpansionBudget {
    std::size_t bytes = std::size_t{10} << 20;          // of values and results
    std::size_t pattern_steps = std::size_t{32} << 20;  // of matching # % and / patterns
};

struct WordRules {
    char escape = '\\';
    bool keep_quotes = false;  // quotes are text (heredoc bodies)
    bool divide = false;       // give the words too
};

struct Expansion {
    std::string text;
    std::vector<std::string> words;  // if asked for: divided at blanks that are neither quoted nor escaped
    std::set<std::string> used;      // variables that had a value
    std::set<std::string> unset;     // that had none, and no modifier that deals with it
};

/// Expands one word; spaces in it are nothing special to `text`.
///
/// ${x:-w} ${x-w} w unless x is set (with ':' and not empty); ${x:+w} ${x+w} w if it is; ${x:?w} ${x?w} an
/// error unless it is; ${x#p} ${x##p} ${x%p} ${x%%p} without the shortest or longest beginning or end that
/// matches p; ${x/p/w}
/// ${x//p/w} with w for the first or every match. w and p are expanded themselves.
oci::Result<Expansion> expand_word(std::string_view word, const Lookup& lookup, const WordRules& rules,
                                   ExpansionBudget& budget);

}  // namespace ocimg::dockerfile
