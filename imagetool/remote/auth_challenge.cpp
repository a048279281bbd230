#include "imagetool/remote/auth_challenge.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace ocimg {

namespace {

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~/=").find(c) != std::string_view::npos;
}

/// Reads a header from left to right.
class HeaderText {
public:
    explicit HeaderText(std::string_view text) : rest_(text) {}

    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::string_view rest() const { return rest_; }
    void go_back_to(std::string_view rest) { rest_ = rest; }

    /// A token without '='; empty when there is none.
    std::string_view name() {
        std::size_t end = 0;
        while (end < rest_.size() && is_token_character(rest_[end]) && rest_[end] != '=') ++end;
        return take(end);
    }
    bool take_equals() {
        skip(" \t");
        if (!rest_.starts_with('=')) return false;
        rest_.remove_prefix(1);
        skip(" \t");
        return true;
    }
    std::optional<std::string> value() {
        if (!rest_.starts_with('"')) {
            std::size_t end = 0;
            while (end < rest_.size() && is_token_character(rest_[end])) ++end;
            return std::string(take(end));
        }
        std::string text;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return text;
            }
            if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
            text += rest_[i];
        }
        return std::nullopt;
    }

private:
    std::string_view take(std::size_t length) {
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }
    std::string_view rest_;
};

}  // namespace

std::vector<AuthChallenge> parse_challenges(std::string_view header) {
    std::vector<AuthChallenge> challenges;
    HeaderText text(header);
    while (true) {
        text.skip(" \t,");
        if (text.at_end()) return challenges;
        const std::string_view before = text.rest();
        const std::string name = oci::to_lower(text.name());
        if (name.empty()) return challenges;
        if (!text.take_equals()) {
            challenges.push_back({.scheme = name, .parameters = {}});
            continue;
        }
        const auto value = text.value();
        // A parameter in front of every scheme, or one without end.
        if (challenges.empty() || !value.has_value() || text.rest().size() >= before.size())
            return challenges;
        challenges.back().parameters.emplace(name, *value);
    }
}

}  // namespace ocimg
