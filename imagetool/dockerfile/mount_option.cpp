#include "imagetool/dockerfile/mount_option.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/duration.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"

namespace ocimg::dockerfile {

using oci::failure;
using oci::quote;
using oci::Result;

namespace {

oci::Error invalid(std::string text) {
    return failure(oci::ErrorCode::invalid, std::move(text));
}

template <class T>
struct Named {
    std::string_view name;
    T value;
};

constexpr std::array<Named<MountType>, 5> types = {{{"bind", MountType::bind},
                                                    {"cache", MountType::cache},
                                                    {"tmpfs", MountType::tmpfs},
                                                    {"secret", MountType::secret},
                                                    {"ssh", MountType::ssh}}};
constexpr std::array<Named<CacheSharing>, 3> sharings = {{{"shared", CacheSharing::shared},
                                                          {"private", CacheSharing::private_copy},
                                                          {"locked", CacheSharing::locked}}};

template <class T, std::size_t N>
Result<T> one_of(std::string_view text, std::string_view what, const std::array<Named<T>, N>& values) {
    const std::string lower = oci::to_lower(text);
    std::vector<std::string_view> names;
    for (const Named<T>& one : values) {
        if (one.name == lower) return one.value;
        names.push_back(one.name);
    }
    std::string allowed;
    for (const std::string_view name : names) allowed += (allowed.empty() ? "" : ", ") + std::string(name);
    return invalid(quote(text) + " is no " + std::string(what) + ", allowed are " + allowed +
                   did_you_mean(text, names));
}

Result<bool> as_boolean(std::string_view key, std::string_view text) {
    for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
        if (text == yes) return true;
    for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
        if (text == no) return false;
    return invalid(std::string(key) + " is " + quote(text) + ", it can be true or false");
}

Result<std::uint32_t> as_number(std::string_view key, std::string_view text, int base) {
    const auto number = oci::parse_integer<std::uint32_t>(text, base);
    if (number && (base != 8 || *number <= 07777)) return *number;
    return invalid(std::string(key) + " is " + quote(text) + ", it can be " +
                   (base == 8 ? "an octal number up to 7777" : "a number from 0"));
}

/// The mount while its fields are read, in order: `required` counts only for the type that is known by then.
struct Reading {
    Mount mount;
    std::optional<bool> readonly;
    bool sharing_given = false;

    Result<void> take_type(std::string_view, std::string_view value) {
        mount.type = TRY(one_of(value, "mount type", types));
        return {};
    }
    Result<void> take_from(std::string_view, std::string_view value) {
        return mount.from = value, Result<void>();
    }
    Result<void> take_source(std::string_view, std::string_view value) {
        return mount.source = value, Result<void>();
    }
    Result<void> take_target(std::string_view, std::string_view value) {
        return mount.target = value, Result<void>();
    }
    Result<void> take_id(std::string_view, std::string_view value) {
        return mount.id = value, Result<void>();
    }
    Result<void> take_env(std::string_view, std::string_view value) {
        return mount.env = value, Result<void>();
    }
    Result<void> take_readonly(std::string_view key, std::string_view value) {
        readonly = TRY(as_boolean(key, value));
        return {};
    }
    Result<void> take_readwrite(std::string_view key, std::string_view value) {
        readonly = !TRY(as_boolean(key, value));
        return {};
    }
    Result<void> take_required(std::string_view key, std::string_view value) {
        if (mount.type != MountType::secret && mount.type != MountType::ssh)
            return invalid("required can stand only after type=secret or type=ssh");
        mount.required = TRY(as_boolean(key, value));
        return {};
    }
    Result<void> take_sharing(std::string_view, std::string_view value) {
        mount.sharing = TRY(one_of(value, "sharing of a cache", sharings));
        sharing_given = true;
        return {};
    }
    Result<void> take_size(std::string_view, std::string_view value) {
        mount.size = TRY(parse_byte_size(value));
        return {};
    }
    Result<void> take_mode(std::string_view key, std::string_view value) {
        mount.mode = TRY(as_number(key, value, 8));
        return {};
    }
    Result<void> take_uid(std::string_view key, std::string_view value) {
        mount.uid = TRY(as_number(key, value, 10));
        return {};
    }
    Result<void> take_gid(std::string_view key, std::string_view value) {
        mount.gid = TRY(as_number(key, value, 10));
        return {};
    }
    /// Buildah's z and Z ask for an SELinux label; steps run without one, so that nothing needs to be
    /// relabelled.
    Result<void> take_relabel(std::string_view key, std::string_view value) {
        TRY(as_boolean(key, value));
        return {};
    }
};

struct Key {
    std::string_view name;
    Result<void> (Reading::*take)(std::string_view, std::string_view) = nullptr;
    bool alone = false;  // may stand without a value, which is then "true"
};

constexpr std::array<Key, 20> keys = {{
    {"type", &Reading::take_type},
    {"from", &Reading::take_from},
    {"source", &Reading::take_source},
    {"src", &Reading::take_source},
    {"target", &Reading::take_target},
    {"dst", &Reading::take_target},
    {"destination", &Reading::take_target},
    {"readonly", &Reading::take_readonly, true},
    {"ro", &Reading::take_readonly, true},
    {"readwrite", &Reading::take_readwrite, true},
    {"rw", &Reading::take_readwrite, true},
    {"id", &Reading::take_id},
    {"sharing", &Reading::take_sharing},
    {"required", &Reading::take_required, true},
    {"size", &Reading::take_size},
    {"mode", &Reading::take_mode},
    {"uid", &Reading::take_uid},
    {"gid", &Reading::take_gid},
    {"env", &Reading::take_env},
    {"z", &Reading::take_relabel, true},
}};

Result<const Key*> key_of(std::string_view name, std::string_view field) {
    const std::string lower = oci::to_lower(name);
    std::vector<std::string_view> names;
    for (const Key& key : keys) {
        if (key.name == lower) return &key;
        names.push_back(key.name);
    }
    return invalid("unknown option " + quote(name) + " in " + quote(field) + " of a mount" +
                   did_you_mean(name, names));
}

bool is_root(std::string_view path) {
    return path.starts_with('/') && path.find_first_not_of("/.") == std::string_view::npos &&
           path.find("...") == std::string_view::npos;
}

/// What a type forbids or needs, and its defaults.
Result<Mount> finish(Reading reading) {
    Mount& mount = reading.mount;
    const std::string of_type = " of a " + std::string(to_text(mount.type)) + " mount";
    const bool has_owner =
        mount.type == MountType::secret || mount.type == MountType::ssh || mount.type == MountType::cache;
    if (!has_owner && (mount.mode || mount.uid || mount.gid))
        return invalid("mode, uid and gid are no options" + of_type);
    if (mount.type != MountType::tmpfs && mount.size) return invalid("size is no option" + of_type);
    if (mount.type != MountType::cache && reading.sharing_given)
        return invalid("sharing is no option" + of_type);
    if (mount.type != MountType::secret && mount.env) return invalid("env is no option" + of_type);
    const bool writable = mount.type == MountType::cache || mount.type == MountType::tmpfs;
    mount.readonly = reading.readonly.value_or(!writable);
    if (mount.type == MountType::secret) {
        if (!mount.from.empty()) return invalid("from is no option" + of_type);
        if (mount.source.empty() && mount.target.empty() && mount.id.empty())
            return invalid("a secret mount needs id, source or target");
        if (!mount.source.empty() && !mount.id.empty())
            return invalid("a secret mount takes id or source, not both");
    }
    if (mount.target.empty() && writable)
        return invalid("a " + std::string(to_text(mount.type)) + " mount needs a target");
    if (is_root(mount.target)) return invalid("the target of a mount cannot be /");
    if (mount.type == MountType::cache && mount.id.empty()) mount.id = mount.target;
    if (mount.type == MountType::ssh && mount.id.empty()) mount.id = "default";
    if (mount.type == MountType::secret && mount.id.empty()) {
        const std::string& path = mount.source.empty() ? mount.target : mount.source;
        mount.id = path.substr(path.rfind('/') + 1);
    }
    return std::move(mount);
}

}  // namespace

std::string_view to_text(MountType type) {
    for (const auto& one : types)
        if (one.value == type) return one.name;
    return "";
}

std::string_view to_text(CacheSharing sharing) {
    for (const auto& one : sharings)
        if (one.value == sharing) return one.name;
    return "";
}

Result<std::vector<std::string>> comma_separated(std::string_view text) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (quoted && c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
            fields.back() += '"';
            ++at;
        } else if (quoted && c == '"') {
            quoted = false;
            if (at + 1 < text.size() && text[at + 1] != ',')
                return invalid(quote(text) + " has text behind a closing quote");
        } else if (!quoted && c == '"' && (at == 0 || text[at - 1] == ',')) {
            quoted = true;
        } else if (!quoted && c == '"') {
            return invalid(quote(text) + " has a quote inside a field");
        } else if (!quoted && c == ',') {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    if (quoted) return invalid(quote(text) + " has a quote that is not closed");
    return fields;
}

namespace {

/// Nothing when `expand` is null and a value holds a variable.
Result<std::optional<Mount>> read_mount(std::string_view text, const ExpandValue* expand) {
    Reading reading;
    bool deferred = false;
    for (const std::string& field : TRY(comma_separated(text))) {
        const std::size_t equals = field.find('=');
        const Key& key = *TRY(key_of(std::string_view(field).substr(0, equals), field));
        std::string value = equals == std::string::npos ? "true" : field.substr(equals + 1);
        if (equals == std::string::npos && !key.alone)
            return invalid(quote(field) + " has no value: " + std::string(key.name) + "=... is needed");
        const bool has_variable = value.find('$') != std::string::npos;
        if (has_variable && key.name == "from") {
            return invalid("from=" + value +
                           " takes no variables: name a stage by FROM ... AS NAME, and use that name");
        }
        if (expand != nullptr) {
            value = TRY((*expand)(value));
        } else if (has_variable) {
            deferred = true;
            continue;
        }
        if (deferred && key.name == "required") continue;  // the type may be among what is not known yet
        TRY((reading.*key.take)(key.name, value));
    }
    if (deferred) return std::optional<Mount>{};
    return std::optional<Mount>(TRY(finish(std::move(reading))));
}

}  // namespace

Result<std::optional<Mount>> parse_mount(std::string_view text) {
    return read_mount(text, nullptr);
}

Result<Mount> parse_mount(std::string_view text, const ExpandValue& expand) {
    auto mount = TRY(read_mount(text, &expand));
    return std::move(mount).value_or(Mount{});
}

}  // namespace ocimg::dockerfile
