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

/// The bytes that all expansions of one file may produce; used up, every further one is an error.
struct ExpansionBudget {
    std::size_t left = std::size_t{10} << 20;
};

struct WordRules {
    char escape = '\\';
    bool keep_quotes = false;  // quotes are text (heredoc bodies)
    bool raw_quotes = false;   // quotes take effect, but stay in the result
    bool raw_escapes = false;  // escapes take effect, but stay in the result
    bool skip_unset = false;   // what names an unset variable stays as written
};

struct Expansion {
    std::string text;
    std::set<std::string>
        unset;  // names that were used and had no value, without those that a modifier deals with
};

/// Expands one word (spaces are nothing special in it).
oci::Result<Expansion> expand_word(std::string_view word, const Lookup& lookup, const WordRules& rules,
                                   ExpansionBudget& budget);
/// The same, and then divides the result at unquoted spaces; those out of unquoted variables divide too.
oci::Result<std::vector<std::string>> expand_words(std::string_view word, const Lookup& lookup,
                                                   const WordRules& rules, ExpansionBudget& budget);

}  // namespace ocimg::dockerfile
