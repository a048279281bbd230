// COPY and ADD: what brings files into the image.

#include <array>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/heredoc.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"
#include "spec/image/digest.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

const Heredoc* body_of(const Statement& statement, std::string_view name) {
    const Heredoc* found = nullptr;
    for (const Heredoc& heredoc : statement.heredocs)
        if (heredoc.name == name) found = &heredoc;  // of two with one name the last counts
    return found;
}

/// Sources and destination; a heredoc among the sources is a file with that content.
Result<void> read_paths(const Statement& statement, Transfer& transfer) {
    const std::vector<Word> words = TRY(list_of_words(statement));
    if (words.size() < 2) return statement.fail(statement.name + " needs a source and a destination");
    if (!statement.heredocs.empty() && heredoc_of(words.back().text))
        return statement.fail(words.back().offset, "a heredoc cannot be the destination");
    transfer.destination = words.back().text;
    if (transfer.destination.empty()) return statement.fail(words.back().offset, "the destination is empty");
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const auto announced = statement.heredocs.empty() ? std::nullopt : heredoc_of(words[i].text);
        const Heredoc* heredoc = announced ? body_of(statement, announced->name) : nullptr;
        if (heredoc == nullptr) {
            transfer.sources.push_back(words[i].text);
            continue;
        }
        if (heredoc->name == "." || heredoc->name == ".." || heredoc->name.find('/') != std::string::npos)
            return statement.fail(words[i].offset, quote(heredoc->name) + " cannot be the name of a file");
        transfer.files.push_back({heredoc->name,
                                  heredoc->chomp ? without_leading_tabs(heredoc->content) : heredoc->content,
                                  announced->expand});
    }
    return {};
}

Result<Transfer> read_transfer(const Statement& statement, const Flags& flags) {
    Transfer transfer;
    transfer.chown = flags.text("chown");
    transfer.chmod = TRY(
        flag_value<ModeChange>(statement, {flags.text("chmod"), flags.offset("chmod")}, ModeChange::parse));
    transfer.link = flags.boolean("link").value_or(false);
    for (const Word& word : flags.list("exclude")) transfer.excludes.push_back(word.text);
    TRY(read_paths(statement, transfer));
    return transfer;
}

/// "sha256:..." or, for git, the beginning of a commit.
Result<void> check_checksum(const Statement& statement, const Flags& flags, const Add& add) {
    if (add.checksum.empty() || has_variable(add.checksum)) return {};
    const std::size_t offset = flags.offset("checksum");
    const bool is_hex =
        add.checksum.find_first_not_of("0123456789abcdef") == std::string::npos && add.checksum.size() >= 7;
    if (!is_hex) {
        const auto digest = oci::spec::Digest::parse(add.checksum);
        if (!digest) return statement.fail(offset, "--checksum: " + digest.error().text);
        if (!digest->can_be_verified()) {
            return statement.fail(offset, "--checksum: " + quote(add.checksum) +
                                              " cannot be checked: sha256:, sha512: or a git commit can");
        }
    }
    if (add.transfer.sources.size() + add.transfer.files.size() != 1)
        return statement.fail(offset, "--checksum needs exactly one source");
    return {};
}

}  // namespace

Result<Body> parse_copy(const Statement& statement) {
    static constexpr std::array<FlagSpec, 6> known = {{{"from"},
                                                       {"chown"},
                                                       {"chmod"},
                                                       {"link", FlagKind::boolean},
                                                       {"parents", FlagKind::boolean},
                                                       {"exclude", FlagKind::list}}};
    const Flags flags = TRY(Flags::read(statement, known));
    Copy copy;
    copy.from = flags.text("from");
    if (has_variable(copy.from)) {
        return statement.fail(
            flags.offset("from"),
            "--from takes no variables: name a stage by FROM ... AS NAME, with the variable "
            "in its FROM, and use that name");
    }
    copy.parents = flags.boolean("parents").value_or(false);
    copy.transfer = TRY(read_transfer(statement, flags));
    return Body(std::move(copy));
}

Result<Body> parse_add(const Statement& statement) {
    static constexpr std::array<FlagSpec, 7> known = {{{"chown"},
                                                       {"chmod"},
                                                       {"link", FlagKind::boolean},
                                                       {"keep-git-dir", FlagKind::boolean},
                                                       {"checksum"},
                                                       {"unpack", FlagKind::boolean},
                                                       {"exclude", FlagKind::list}}};
    const Flags flags = TRY(Flags::read(statement, known));
    Add add;
    add.checksum = flags.text("checksum");
    add.keep_git_dir = flags.boolean("keep-git-dir");
    add.unpack = flags.boolean("unpack");
    add.transfer = TRY(read_transfer(statement, flags));
    TRY(check_checksum(statement, flags, add));
    return Body(std::move(add));
}

}  // namespace ocimg::dockerfile
