#pragma once
// Layers that try to leave their root, as a table.

#include <functional>
#include <string>
#include <vector>

#include "tests/unit/imagetool/tar/archive_builder.hpp"

namespace ocimg::test {

/// One hostile layer: its entries for a canary directory at an absolute path, whether it is refused
/// (with this text) or applied (empty), and a path that must exist inside the root afterwards.
struct Hostile {
    const char* name;
    std::function<Archive(const std::string& canary)> layer;
    std::string refusal;
    std::function<std::string(const std::string& canary)> made_inside;
};

/// `archive`, then entries of every kind below the link or path `at`, and a whiteout there.
Archive every_kind_at(Archive archive, const std::string& at);

std::vector<Hostile> hostile_names();
std::vector<Hostile> hostile_roots();
std::vector<Hostile> hostile_parents();
std::vector<Hostile> hostile_finals();
std::vector<Hostile> hostile_whiteouts();
std::vector<Hostile> hostile_archives();

}  // namespace ocimg::test
