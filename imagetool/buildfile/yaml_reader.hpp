#pragma once
// Typed reading of a YAML tree; every error has its place. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "imagetool/buildfile/yaml_tree.hpp"

namespace ocimg::buildfile {

/// The file that is read, for errors.
class YamlReader {
public:
    YamlReader(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {}

    [[nodiscard]] oci::Error fail(const YamlNode& node, std::string_view message) const {
        return dockerfile::error_at(file_, text_, node.place, message);
    }
    template <class T>
    [[nodiscard]] oci::Result<T> at(const YamlNode& node, oci::Result<T> result) const {
        if (result.has_value()) return result;
        return fail(node, result.error().text);
    }
    /// An error when the node is no map, or has a key that is not among those that are known.
    [[nodiscard]] oci::Result<void> check_keys(const YamlNode& node, std::string_view what,
                                               std::span<const std::string_view> known) const;
    [[nodiscard]] oci::Result<std::string> string(const YamlNode& node, std::string_view what) const;
    [[nodiscard]] oci::Result<bool> boolean(const YamlNode& node, std::string_view what) const;
    [[nodiscard]] oci::Result<std::vector<std::string>> strings(const YamlNode& node,
                                                                std::string_view what) const;
    /// Of a map; "", false and {} when the key is not there.
    [[nodiscard]] oci::Result<std::string> string_of(const YamlNode& map, std::string_view key) const;
    [[nodiscard]] oci::Result<std::optional<bool>> boolean_of(const YamlNode& map,
                                                              std::string_view key) const;
    [[nodiscard]] oci::Result<std::vector<std::string>> strings_of(const YamlNode& map,
                                                                   std::string_view key) const;
    [[nodiscard]] const std::string& file() const { return file_; }

private:
    std::string_view text_;
    std::string file_;
};

}  // namespace ocimg::buildfile
