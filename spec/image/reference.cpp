#include "spec/image/reference.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace oci::spec {

namespace {

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool is_letter_or_digit(char c) {
    return is_lower_or_digit(c) || is_upper(c);
}

/// '.', '_', "__" or any number of '-' between letters and digits.
bool is_repository_separator(std::string_view text) {
    return text == "." || text == "_" || text == "__" ||
           text.find_first_not_of('-') == std::string_view::npos;
}

/// [a-z0-9]+ ((\.|_|__|-+) [a-z0-9]+)*
bool is_repository_component(std::string_view text) {
    if (text.empty() || !is_lower_or_digit(text.front()) || !is_lower_or_digit(text.back())) return false;
    std::size_t at = 0;
    while (at < text.size()) {
        std::size_t end = at;
        const bool word = is_lower_or_digit(text[at]);
        while (end < text.size() && is_lower_or_digit(text[end]) == word) ++end;
        if (!word && !is_repository_separator(text.substr(at, end - at))) return false;
        at = end;
    }
    return true;
}

bool is_host_label(std::string_view text) {
    return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_registry(std::string_view text) {
    std::string_view host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || end == 1) return false;
        host = text.substr(1, end - 1);
        port = text.substr(end + 1);
        if (host.find_first_not_of("0123456789abcdefABCDEF:") != std::string_view::npos) return false;
    } else {
        const std::size_t colon = text.find(':');
        host = text.substr(0, colon);
        if (colon != std::string_view::npos) port = text.substr(colon);
        const std::vector<std::string> labels = split(host, '.');
        if (!std::all_of(labels.begin(), labels.end(), is_host_label)) return false;
    }
    if (port.empty()) return true;
    const auto number = parse_integer<unsigned>(port.substr(1));
    return port[0] == ':' && number.has_value() && *number <= 65535;
}

bool names_a_registry(std::string_view first) {
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
           std::any_of(first.begin(), first.end(), is_upper);
}

}  // namespace

std::string Reference::tag_or_default() const {
    return tag.empty() && !digest.has_value() ? "latest" : tag;
}

std::string Reference::text() const {
    std::string whole = registry + "/" + repository;
    if (!tag.empty()) whole += ":" + tag;
    if (digest.has_value()) whole += "@" + digest->text();
    return whole;
}

bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > 128 || text[0] == '.' || text[0] == '-') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_ref_name(std::string_view text) {
    for (const std::string& component : split(text, '/')) {
        if (component.empty() || !is_letter_or_digit(component.front()) ||
            !is_letter_or_digit(component.back())) {
            return false;
        }
        for (std::size_t i = 0; i < component.size(); ++i) {
            if (is_letter_or_digit(component[i])) continue;
            if (std::string_view("-._:@+").find(component[i]) == std::string_view::npos) return false;
            const bool second = !is_letter_or_digit(component[i - 1]);
            const bool two_dashes =
                component[i] == '-' && component[i - 1] == '-' && is_letter_or_digit(component[i - 2]);
            if (second && !two_dashes) return false;
        }
    }
    return true;
}

Result<Reference> parse_reference(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return failure(ErrorCode::invalid, quote(text) + " is not an image reference: " + why);
    };
    Reference reference;
    std::string_view rest = text;
    if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
        auto digest = Digest::parse(rest.substr(at + 1));
        if (!digest) return bad(digest.error().text);
        reference.digest = *digest;
        rest = rest.substr(0, at);
    }
    const std::size_t slash = rest.rfind('/');
    const std::size_t colon = rest.rfind(':');
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
        reference.tag = rest.substr(colon + 1);
        if (!is_tag(reference.tag)) {
            return bad("the tag " + quote(reference.tag) +
                       " must begin with a letter, digit or _ and may hold . and -, 128 in all");
        }
        rest = rest.substr(0, colon);
    }
    const std::size_t first = rest.find('/');
    const bool has_registry = first != std::string_view::npos && names_a_registry(rest.substr(0, first));
    reference.registry = has_registry ? std::string(rest.substr(0, first)) : "docker.io";
    reference.repository = has_registry ? rest.substr(first + 1) : rest;
    if (reference.registry == "index.docker.io") reference.registry = "docker.io";
    if (!is_registry(reference.registry)) return bad("the registry must be HOST[:PORT]");
    const bool short_name = reference.repository.find('/') == std::string::npos;
    if (!has_registry && short_name && reference.repository.size() == 64 &&
        reference.repository.find_first_not_of("0123456789abcdef") == std::string::npos) {
        return bad("64 hex digits are an image id, not a name");
    }
    if (reference.registry == "docker.io" && short_name) reference.repository.insert(0, "library/");
    if (reference.registry.size() + 1 + reference.repository.size() > 255) {
        return bad("the name is longer than 255 bytes");
    }
    for (const std::string& component : split(reference.repository, '/')) {
        if (!is_repository_component(component)) {
            return bad("the name component " + quote(component) +
                       " must be lower-case letters and digits with . _ __ or - between them");
        }
    }
    return reference;
}

}  // namespace oci::spec
