#pragma once
// registries.conf (containers-registries.conf(5), version 2): where names of registries lead. Pure but for
// read_registries_conf.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/image/reference.hpp"

namespace ocimg {

/// When a mirror is asked.
enum class MirrorUse { always, digest_only, tag_only };

struct RegistryMirror {
    std::string location;
    bool insecure = false;
    MirrorUse use = MirrorUse::always;
};

/// One [[registry]].
struct RegistryRule {
    std::string prefix;    // "host", "host/name/space", "*.example.com"
    std::string location;  // what stands in the place of the prefix; empty: the prefix
    bool insecure = false;
    bool blocked = false;
    bool mirror_by_digest_only = false;
    std::vector<RegistryMirror> mirrors;
};

/// short-name-mode: whether a short name may be looked for in several registries. Nobody is asked.
enum class ShortNameMode { permissive, enforcing };

struct RegistriesConf {
    std::vector<std::string> unqualified_search;
    std::optional<ShortNameMode> short_name_mode;  // none: permissive
    /// Where credentials are kept, in the order to ask: names of helpers, or "containers-auth.json" for the
    /// files. Empty: the files.
    std::vector<std::string> credential_helpers;
    std::vector<RegistryRule> rules;
    std::map<std::string, std::string> aliases;  // short name to full name
};

/// Reads one file. Version 1 tables and wrong types are errors; unknown keys are passed over.
oci::Result<RegistriesConf> parse_registries_conf(std::string_view text, const std::string& file);
/// The later file wins: rules of the same prefix and aliases of the same name are replaced, so is the list of
/// registries to search when it has one.
void merge_registries_conf(RegistriesConf& base, RegistriesConf later);

/// Reads the user's configuration: `chosen` alone (--registries-conf), else CONTAINERS_REGISTRIES_CONF alone,
/// else $HOME/.config/containers/registries.conf or /etc/containers/registries.conf, and their
/// registries.conf.d.
oci::Result<RegistriesConf> read_registries_conf(const std::string& chosen);

/// Where a repository is asked for.
struct RegistryEndpoint {
    std::string registry;  // host[:port]
    std::string repository;
    bool insecure = false;
    bool is_mirror = false;
};

/// The places to ask for a repository, mirrors first; only the last one when something is to be written. A
/// blocked registry is an error.
oci::Result<std::vector<RegistryEndpoint>> plan_endpoints(const RegistriesConf& conf,
                                                          const oci::spec::Reference& reference,
                                                          bool for_writing);

/// What a name without registry may mean, in the order to try: its alias, else each registry to search;
/// without either, docker.io as `text` was read. A name with a registry means itself. With
/// ShortNameMode::enforcing several registries to search are an error that lists the full names.
oci::Result<std::vector<oci::spec::Reference>> plan_references(const RegistriesConf& conf,
                                                               const std::string& text);

}  // namespace ocimg
