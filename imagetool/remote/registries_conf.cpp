#include "imagetool/remote/registries_conf.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "imagetool/remote/toml.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Reference;

/// Reads the members of one table, with errors that name file, line and key.
class TableReader {
public:
    TableReader(const TomlValue& table, const std::string& file) : table_(table), file_(file) {}

    Result<void> read(const char* key, std::string& out) const {
        if (const TomlValue* value = TRY(find(key, TomlKind::string, "a string"))) out = value->string;
        return {};
    }
    Result<void> read(const char* key, bool& out) const {
        if (const TomlValue* value = TRY(find(key, TomlKind::boolean, "true or false"))) out = value->boolean;
        return {};
    }
    Result<void> read(const char* key, std::vector<std::string>& out) const {
        const TomlValue* const value = TRY(find(key, TomlKind::array, "an array of strings"));
        for (const TomlValue& item : value == nullptr ? std::vector<TomlValue>() : value->array) {
            if (item.kind != TomlKind::string) return bad(item, key, "an array of strings");
            out.push_back(item.string);
        }
        return {};
    }
    /// The tables of an array; null: there is none.
    Result<const TomlValue*> tables(const char* key) const {
        const TomlValue* const value = TRY(find(key, TomlKind::array, "an array of tables"));
        for (const TomlValue& item : value == nullptr ? std::vector<TomlValue>() : value->array) {
            if (item.kind != TomlKind::table) return bad(item, key, "an array of tables");
        }
        return value;
    }
    Result<const TomlValue*> find(const char* key, TomlKind kind, const char* allowed) const {
        const auto found = table_.table.find(key);
        if (found == table_.table.end()) return static_cast<const TomlValue*>(nullptr);
        if (found->second.kind != kind) return bad(found->second, key, allowed);
        return &found->second;
    }
    oci::Error bad(const TomlValue& value, const char* key, const std::string& allowed) const {
        return failure(ErrorCode::invalid,
                       file_ + ":" + std::to_string(value.line) + ": " + key + ": expected " + allowed);
    }

private:
    const TomlValue& table_;
    const std::string& file_;
};

Result<RegistryMirror> read_mirror(const TomlValue& table, const std::string& file) {
    const TableReader reader(table, file);
    RegistryMirror mirror;
    std::string use = "all";
    TRY(reader.read("location", mirror.location));
    TRY(reader.read("insecure", mirror.insecure));
    TRY(reader.read("pull-from-mirror", use));
    if (mirror.location.empty()) return reader.bad(table, "mirror.location", "a registry");
    if (use == "digest-only") mirror.use = MirrorUse::digest_only;
    if (use == "tag-only") mirror.use = MirrorUse::tag_only;
    if (use != "all" && mirror.use == MirrorUse::always) {
        return reader.bad(table, "pull-from-mirror", "all, digest-only or tag-only");
    }
    return mirror;
}

Result<RegistryRule> read_rule(const TomlValue& table, const std::string& file) {
    const TableReader reader(table, file);
    RegistryRule rule;
    TRY(reader.read("prefix", rule.prefix));
    TRY(reader.read("location", rule.location));
    TRY(reader.read("insecure", rule.insecure));
    TRY(reader.read("blocked", rule.blocked));
    TRY(reader.read("mirror-by-digest-only", rule.mirror_by_digest_only));
    if (rule.prefix.empty()) rule.prefix = rule.location;
    if (rule.prefix.empty()) return reader.bad(table, "registry", "a prefix or a location");
    if (rule.location.empty() && !rule.prefix.starts_with("*.")) rule.location = rule.prefix;
    if (const TomlValue* mirrors = TRY(reader.tables("mirror"))) {
        for (const TomlValue& mirror : mirrors->array) rule.mirrors.push_back(TRY(read_mirror(mirror, file)));
    }
    return rule;
}

Result<std::optional<ShortNameMode>> read_short_name_mode(const TableReader& reader) {
    const TomlValue* const value =
        TRY(reader.find("short-name-mode", TomlKind::string, "enforcing, permissive or disabled"));
    if (value == nullptr) return std::optional<ShortNameMode>();
    if (value->string == "enforcing") return std::optional(ShortNameMode::enforcing);
    // The two differ in what is asked on a terminal.
    if (value->string == "permissive" || value->string == "disabled")
        return std::optional(ShortNameMode::permissive);
    return reader.bad(*value, "short-name-mode",
                      "enforcing, permissive or disabled, found " + quote(value->string));
}

/// How long the part of `name` is that a prefix stands for; 0: it does not fit.
std::size_t matched_length(const std::string& prefix, const std::string& name) {
    if (prefix.starts_with("*.")) {
        const std::string host = name.substr(0, name.find('/'));
        return host.ends_with(std::string_view(prefix).substr(1)) ? host.size() : 0;
    }
    if (!name.starts_with(prefix)) return 0;
    return name.size() == prefix.size() || name[prefix.size()] == '/' ? prefix.size() : 0;
}

/// The rule whose prefix is the longest that fits.
const RegistryRule* rule_for(const RegistriesConf& conf, const std::string& name) {
    const RegistryRule* best = nullptr;
    for (const RegistryRule& rule : conf.rules) {
        if (matched_length(rule.prefix, name) == 0) continue;
        if (best == nullptr || rule.prefix.size() > best->prefix.size()) best = &rule;
    }
    return best;
}

Result<RegistryEndpoint> endpoint_at(const std::string& location, const std::string& rest, bool insecure) {
    const std::string whole = location + rest;
    const std::size_t slash = whole.find('/');
    if (slash == std::string::npos || slash == 0) {
        return failure(ErrorCode::invalid,
                       "registries.conf leads to " + quote(whole) + ": expected HOST/NAME");
    }
    return RegistryEndpoint{.registry = whole.substr(0, slash),
                            .repository = whole.substr(slash + 1),
                            .insecure = insecure,
                            .is_mirror = false};
}

bool is_asked(const RegistryMirror& mirror, const RegistryRule& rule, const Reference& reference) {
    const bool by_digest = reference.digest.has_value();
    if (rule.mirror_by_digest_only || mirror.use == MirrorUse::digest_only) return by_digest;
    return mirror.use == MirrorUse::always || !by_digest;
}

}  // namespace

Result<RegistriesConf> parse_registries_conf(std::string_view text, const std::string& file) {
    const TomlValue root = TRY(parse_toml(text, file));
    const TableReader reader(root, file);
    if (root.table.contains("registries")) {
        return failure(ErrorCode::unsupported,
                       file + ": [registries] is version 1 of the format: expected version 2");
    }
    RegistriesConf conf;
    TRY(reader.read("unqualified-search-registries", conf.unqualified_search));
    TRY(reader.read("credential-helpers", conf.credential_helpers));
    conf.short_name_mode = TRY(read_short_name_mode(reader));
    if (const TomlValue* registries = TRY(reader.tables("registry"))) {
        for (const TomlValue& registry : registries->array)
            conf.rules.push_back(TRY(read_rule(registry, file)));
    }
    if (const TomlValue* aliases = TRY(reader.find("aliases", TomlKind::table, "a table"))) {
        for (const auto& [name, value] : aliases->table) {
            if (value.kind != TomlKind::string) return reader.bad(value, name.c_str(), "a string");
            conf.aliases[name] = value.string;
        }
    }
    return conf;
}

void merge_registries_conf(RegistriesConf& base, RegistriesConf later) {
    if (!later.unqualified_search.empty()) base.unqualified_search = std::move(later.unqualified_search);
    if (!later.credential_helpers.empty()) base.credential_helpers = std::move(later.credential_helpers);
    if (later.short_name_mode.has_value()) base.short_name_mode = later.short_name_mode;
    for (RegistryRule& rule : later.rules) {
        std::erase_if(base.rules, [&](const RegistryRule& old) { return old.prefix == rule.prefix; });
        base.rules.push_back(std::move(rule));
    }
    for (auto& [name, full] : later.aliases) {
        // An empty name takes an alias away.
        if (full.empty()) {
            base.aliases.erase(name);
        } else {
            base.aliases[name] = std::move(full);
        }
    }
}

Result<std::vector<RegistryEndpoint>> plan_endpoints(const RegistriesConf& conf, const Reference& reference,
                                                     bool for_writing) {
    const std::string name = reference.registry + "/" + reference.repository;
    const RegistryRule* const rule = rule_for(conf, name);
    if (rule == nullptr) {
        return std::vector<RegistryEndpoint>{
            {.registry = reference.registry, .repository = reference.repository}};
    }
    if (rule->blocked) {
        return failure(ErrorCode::failed,
                       "registries.conf blocks " + quote(rule->prefix) + ": " + name + " is not asked for");
    }
    const std::size_t length = matched_length(rule->prefix, name);
    const std::string rest = name.substr(length);
    std::vector<RegistryEndpoint> endpoints;
    for (const RegistryMirror& mirror : rule->mirrors) {
        if (for_writing || !is_asked(mirror, *rule, reference)) continue;
        endpoints.push_back(TRY(endpoint_at(mirror.location, rest, mirror.insecure)));
        endpoints.back().is_mirror = true;
    }
    const std::string location = rule->location.empty() ? name.substr(0, length) : rule->location;
    endpoints.push_back(TRY(endpoint_at(location, rest, rule->insecure)));
    return endpoints;
}

Result<std::vector<Reference>> plan_references(const RegistriesConf& conf, const std::string& text) {
    const Reference as_written = TRY(oci::spec::parse_reference(text));
    const std::string name =
        text.substr(0, text.find_first_of(":@", text.rfind('/') == std::string::npos ? 0 : text.rfind('/')));
    const std::string first = name.substr(0, name.find('/'));
    const bool has_registry =
        name.find('/') != std::string::npos && (as_written.registry == first || first == "index.docker.io");
    if (has_registry) return std::vector<Reference>{as_written};
    const std::string rest = text.substr(name.size());
    if (const auto alias = conf.aliases.find(name); alias != conf.aliases.end()) {
        return std::vector<Reference>{
            TRY(oci::spec::parse_reference(alias->second + rest).in("alias of " + quote(name)))};
    }
    std::vector<Reference> references;
    for (const std::string& registry : conf.unqualified_search) {
        references.push_back(
            TRY(oci::spec::parse_reference(registry + "/" + text).in("unqualified-search-registries")));
    }
    if (references.empty()) references.push_back(as_written);
    if (references.size() > 1 && conf.short_name_mode == ShortNameMode::enforcing) {
        std::vector<std::string> names(references.size());
        std::transform(references.begin(), references.end(), names.begin(),
                       [](const Reference& reference) { return reference.text(); });
        return failure(ErrorCode::invalid,
                       quote(text) + " may be one of " + oci::join(names, ", ") +
                           ": short-name-mode in registries.conf is enforcing, so give the full name");
    }
    return references;
}

}  // namespace ocimg
