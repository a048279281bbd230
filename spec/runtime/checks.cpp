#include "spec/runtime/checks.hpp"

#include "base/text.hpp"
#include "spec/runtime/names.hpp"

namespace oci::spec {

namespace {

/// One of "7", "0-3", "0-3:1/2" (the kernel's stride form).
bool is_number_range(std::string_view part) {
    const std::size_t colon = part.find(':');
    const std::string_view range = part.substr(0, colon);
    const std::size_t dash = range.find('-');
    const auto first = parse_integer<std::uint32_t>(range.substr(0, dash));
    if (!first) return false;
    if (dash == std::string_view::npos) return colon == std::string_view::npos;
    const auto last = parse_integer<std::uint32_t>(range.substr(dash + 1));
    if (!last || *last < *first) return false;
    if (colon == std::string_view::npos) return true;
    const std::string_view stride = part.substr(colon + 1);
    const std::size_t slash = stride.find('/');
    return slash != std::string_view::npos && parse_integer<std::uint32_t>(stride.substr(0, slash)) &&
           parse_integer<std::uint32_t>(stride.substr(slash + 1));
}

}  // namespace

std::string is_text(std::string_view text) {
    return "is the string " + quote(text);
}

void Findings::expect_one_of(const std::string& path, const std::string& name,
                             std::span<const std::string_view> names) {
    if (!contains(names, name)) add(path, is_text(name), list_of(names));
}

void Findings::expect_all_of(const std::string& path, const std::vector<std::string>& items,
                             std::span<const std::string_view> names) {
    for (std::size_t i = 0; i < items.size(); ++i) expect_one_of(item_path(path, i), items[i], names);
}

void Findings::expect_absolute(const std::string& path, const std::string& file) {
    if (!file.starts_with('/')) add(path, is_text(file), "an absolute path");
}

void Findings::expect_number_list(const std::string& path, const std::string& list) {
    if (trim(list).empty()) return;
    for (const std::string& part : split(list, ',')) {
        if (is_number_range(trim(part))) continue;
        add(path, is_text(list), "numbers and ranges with commas between them, as in \"0-3,7\"");
        return;
    }
}

const Namespace* find_namespace(const RuntimeConfig& config, std::string_view type) {
    if (!config.linux_section) return nullptr;
    for (const Namespace& entry : config.linux_section->namespaces) {
        if (entry.type == type) return &entry;
    }
    return nullptr;
}

}  // namespace oci::spec
