#include "imagetool/buildfile/read_files.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"
#include "spec/image/digest.hpp"

namespace ocimg::buildfile {

using namespace dockerfile;
using oci::quote;
using oci::Result;

namespace {

Result<FlagValue<ModeChange>> read_mode(const YamlReader& reader, const YamlNode& map, std::string_view key) {
    FlagValue<ModeChange> mode{.text = TRY(reader.string_of(map, key)), .value = std::nullopt};
    if (mode.text.empty() || mode.text.find('$') != std::string::npos) return mode;
    mode.value = TRY(reader.at(*map.find(key), ModeChange::parse(mode.text)));
    return mode;
}

Result<std::vector<InlineFile>> read_inline(const YamlReader& reader, const YamlNode& map) {
    std::vector<InlineFile> files;
    const YamlNode* node = map.find("files");
    if (node == nullptr) return files;
    if (node->kind != YamlKind::list) return reader.fail(*node, "files is no list");
    for (const YamlNode& item : node->items) {
        static constexpr std::array<std::string_view, 3> keys = {"name", "content", "expand"};
        TRY(reader.check_keys(item, "a file", keys));
        InlineFile file;
        file.name = TRY(reader.string_of(item, "name"));
        if (file.name.empty() || file.name == "." || file.name == ".." ||
            file.name.find('/') != std::string::npos)
            return reader.fail(item, quote(file.name) + " cannot be the name of a file");
        file.content = TRY(reader.string_of(item, "content"));
        file.expand = TRY(reader.boolean_of(item, "expand")).value_or(false);
        files.push_back(std::move(file));
    }
    return files;
}

Result<Transfer> read_transfer(const YamlReader& reader, const YamlNode& map) {
    Transfer transfer;
    transfer.sources = TRY(reader.strings_of(map, "sources"));
    transfer.files = TRY(read_inline(reader, map));
    transfer.destination = TRY(reader.string_of(map, "to"));
    transfer.chown = TRY(reader.string_of(map, "chown"));
    transfer.chmod = TRY(read_mode(reader, map, "chmod"));
    transfer.link = TRY(reader.boolean_of(map, "link")).value_or(false);
    transfer.excludes = TRY(reader.strings_of(map, "exclude"));
    if (transfer.destination.empty()) return reader.fail(map, "the destination (to) is missing");
    if (transfer.sources.empty() && transfer.files.empty()) return reader.fail(map, "there are no sources");
    return transfer;
}

}  // namespace

Result<Body> read_copy(const YamlReader& reader, const YamlNode& node) {
    static constexpr std::array<std::string_view, 9> keys = {"from",  "sources", "files",   "to",     "chown",
                                                             "chmod", "link",    "parents", "exclude"};
    TRY(reader.check_keys(node, "copy", keys));
    Copy copy;
    copy.from = TRY(reader.string_of(node, "from"));
    if (copy.from.find('$') != std::string::npos)
        return reader.fail(
            node, "from takes no variables: put the variable into the from of a stage, and name that");
    copy.parents = TRY(reader.boolean_of(node, "parents")).value_or(false);
    copy.transfer = TRY(read_transfer(reader, node));
    return Body(std::move(copy));
}

Result<Body> read_add(const YamlReader& reader, const YamlNode& node) {
    static constexpr std::array<std::string_view, 10> keys = {
        "sources", "files", "to", "chown", "chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"};
    TRY(reader.check_keys(node, "add", keys));
    Add add;
    add.checksum = TRY(reader.string_of(node, "checksum"));
    add.keep_git_dir = TRY(reader.boolean_of(node, "keep-git-dir"));
    add.unpack = TRY(reader.boolean_of(node, "unpack"));
    add.transfer = TRY(read_transfer(reader, node));
    return Body(std::move(add));
}

Result<Body> read_import(const YamlReader& reader, const YamlNode& node) {
    static constexpr std::array<std::string_view, 6> keys = {"source", "hash",  "to",
                                                             "mode",   "owner", "unpack"};
    TRY(reader.check_keys(node, "import", keys));
    Add add;
    add.transfer.sources.push_back(TRY(reader.string_of(node, "source")));
    add.transfer.destination = TRY(reader.string_of(node, "to"));
    add.transfer.chown = TRY(reader.string_of(node, "owner"));
    add.transfer.chmod = TRY(read_mode(reader, node, "mode"));
    add.checksum = TRY(reader.string_of(node, "hash"));
    add.unpack = TRY(reader.boolean_of(node, "unpack"));
    if (add.transfer.sources.front().empty() || add.transfer.destination.empty())
        return reader.fail(node, "import needs source and to");
    const auto digest = oci::spec::Digest::parse(add.checksum);
    if (!digest || !digest->can_be_verified())
        return reader.fail(node,
                           "import needs a hash, sha256:... or sha512:...: what is fetched must be known");
    return Body(std::move(add));
}

}  // namespace ocimg::buildfile
