#pragma once
// Heredoc words: [fd]<<[-]NAME with NAME quoted or not. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::dockerfile {

/// The heredoc that a word announces, without its content; nothing when the word is something else.
std::optional<Heredoc> heredoc_of(std::string_view word);
/// Those of a whole line, in order.
std::vector<Heredoc> heredocs_of(std::string_view line);
/// `content` without the tabs at the start of its lines, as <<- asks.
std::string without_leading_tabs(std::string_view content);

}  // namespace ocimg::dockerfile
