#include "imagetool/image/set_config.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::ExecutionConfig;
using oci::spec::Healthcheck;

struct NameAndValue {
    std::string name;
    std::string value;
};

Result<NameAndValue> split_assignment(std::string_view option, const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        return failure(ErrorCode::invalid,
                       "--" + std::string(option) + " " + quote(text) + ": expected NAME=VALUE");
    }
    return NameAndValue{text.substr(0, equals), text.substr(equals + 1)};
}

Result<void> set_env(std::vector<std::string>& env, const std::vector<std::string>& changes) {
    for (const std::string& change : changes) {
        const NameAndValue variable = TRY(split_assignment("env", change));
        const std::string start = variable.name + "=";
        const auto same = [&](const std::string& entry) { return entry.starts_with(start); };
        const auto found = std::find_if(env.begin(), env.end(), same);
        if (found == env.end()) {
            env.push_back(change);
        } else {
            *found = change;
        }
    }
    return {};
}

Result<void> set_pairs(std::string_view option, std::map<std::string, std::string>& pairs,
                       const std::vector<std::string>& changes) {
    for (const std::string& change : changes) {
        NameAndValue pair = TRY(split_assignment(option, change));
        pairs[pair.name] = std::move(pair.value);
    }
    return {};
}

Result<void> check_absolute(std::string_view option, const std::string& path) {
    if (path.starts_with('/')) return {};
    return failure(ErrorCode::invalid,
                   "--" + std::string(option) + " " + quote(path) + ": expected an absolute path");
}

Result<void> check_port(const std::string& text) {
    const std::size_t slash = text.find('/');
    const auto port = oci::parse_integer<unsigned>(std::string_view(text).substr(0, slash));
    const std::string protocol = slash == std::string::npos ? "tcp" : text.substr(slash + 1);
    const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
    if (known && port.has_value() && *port >= 1 && *port <= 65535) return {};
    return failure(ErrorCode::invalid, "--expose " + quote(text) +
                                           ": expected PORT, PORT/tcp, PORT/udp or PORT/sctp with a port "
                                           "from 1 to 65535");
}

Result<void> check_stop_signal(const std::string& text) {
    const auto number = oci::parse_integer<int>(text);
    if (number.has_value() && *number >= 1 && *number <= 64) return {};
    const bool name = text.size() > 3 && text.starts_with("SIG") &&
                      text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") == std::string::npos;
    if (name) return {};
    return failure(ErrorCode::invalid, "--stop-signal " + quote(text) +
                                           ": expected a name such as SIGTERM or SIGRTMIN+3, or a number "
                                           "from 1 to 64");
}

struct Clearable {
    std::string_view name;
    void (*clear)(Image&, ExecutionConfig&);
};

constexpr std::array<Clearable, 17> clearables{{
    {"annotations", [](Image& image, ExecutionConfig&) { image.manifest.annotations.clear(); }},
    {"author", [](Image& image, ExecutionConfig&) { image.config.author.clear(); }},
    {"cmd", [](Image&, ExecutionConfig& config) { config.cmd.reset(); }},
    {"entrypoint", [](Image&, ExecutionConfig& config) { config.entrypoint.reset(); }},
    {"env", [](Image&, ExecutionConfig& config) { config.env.clear(); }},
    {"expose", [](Image&, ExecutionConfig& config) { config.exposed_ports.clear(); }},
    {"healthcheck", [](Image&, ExecutionConfig& config) { config.healthcheck.reset(); }},
    {"history", [](Image& image, ExecutionConfig&) { image.config.history.clear(); }},
    {"labels", [](Image&, ExecutionConfig& config) { config.labels.clear(); }},
    {"onbuild", [](Image&, ExecutionConfig& config) { config.on_build.clear(); }},
    {"os-features", [](Image& image, ExecutionConfig&) { image.config.os_features.clear(); }},
    {"os-version", [](Image& image, ExecutionConfig&) { image.config.os_version.clear(); }},
    {"shell", [](Image&, ExecutionConfig& config) { config.shell.clear(); }},
    {"stop-signal", [](Image&, ExecutionConfig& config) { config.stop_signal.clear(); }},
    {"user", [](Image&, ExecutionConfig& config) { config.user.clear(); }},
    {"volumes", [](Image&, ExecutionConfig& config) { config.volumes.clear(); }},
    {"workdir", [](Image&, ExecutionConfig& config) { config.working_dir.clear(); }},
}};

Result<void> clear_fields(Image& image, ExecutionConfig& config, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
        const auto* const found = std::find_if(clearables.begin(), clearables.end(),
                                               [&](const Clearable& field) { return field.name == name; });
        if (found == clearables.end()) {
            return failure(ErrorCode::invalid,
                           "--clear " + quote(name) + ": allowed are " + oci::join(clearable_fields(), ", "));
        }
        found->clear(image, config);
    }
    return {};
}

struct Unsettable {
    std::string_view name;
    bool (*unset)(Image&, ExecutionConfig&, const std::string& key);  // false: it was not there
};

bool unset_env(ExecutionConfig& config, const std::string& key) {
    return std::erase_if(config.env, [&](const std::string& entry) {
               return entry.substr(0, entry.find('=')) == key;
           }) > 0;
}

constexpr std::array<Unsettable, 5> unsettables{{
    {"annotation", [](Image& image, ExecutionConfig&,
                      const std::string& key) { return image.manifest.annotations.erase(key) > 0; }},
    {"env", [](Image&, ExecutionConfig& config, const std::string& key) { return unset_env(config, key); }},
    {"expose", [](Image&, ExecutionConfig& config,
                  const std::string& key) { return config.exposed_ports.erase(key) > 0; }},
    {"label",
     [](Image&, ExecutionConfig& config, const std::string& key) { return config.labels.erase(key) > 0; }},
    {"volume",
     [](Image&, ExecutionConfig& config, const std::string& key) { return config.volumes.erase(key) > 0; }},
}};

Result<void> unset_keys(Image& image, ExecutionConfig& config, const std::vector<std::string>& keys) {
    for (const std::string& text : keys) {
        const NameAndValue pair = TRY(split_assignment("unset", text));
        const auto* const found =
            std::find_if(unsettables.begin(), unsettables.end(),
                         [&](const Unsettable& field) { return field.name == pair.name; });
        if (found == unsettables.end()) {
            return failure(ErrorCode::invalid, "--unset " + quote(text) +
                                                   ": expected FIELD=KEY with one of " +
                                                   oci::join(unsettable_fields(), ", "));
        }
        if (!found->unset(image, config, pair.value)) {
            return failure(ErrorCode::not_found, "--unset " + quote(text) + ": the image has no such key");
        }
    }
    return {};
}

Result<void> set_time(const char* option, const std::optional<std::string>& text,
                      std::optional<std::int64_t>& field) {
    if (!text.has_value()) return {};
    const std::int64_t time = TRY(parse_check_time(*text).in(std::string("--") + option));
    if (time != 0 && time < 1'000'000) {
        return failure(ErrorCode::invalid,
                       std::string("--") + option + " " + quote(*text) + ": expected 0, or 1ms and more");
    }
    field = time;
    return {};
}

Result<void> set_healthcheck(ExecutionConfig& config, const HealthcheckChanges& changes) {
    if (changes.none && changes.command.has_value()) {
        return failure(ErrorCode::invalid, "--healthcheck-none and --healthcheck exclude each other");
    }
    Healthcheck check = config.healthcheck.value_or(Healthcheck{});
    if (changes.none) check = {.test = {"NONE"}};
    if (changes.command.has_value()) check.test = {"CMD-SHELL", *changes.command};
    TRY(set_time("healthcheck-interval", changes.interval, check.interval));
    TRY(set_time("healthcheck-timeout", changes.timeout, check.timeout));
    TRY(set_time("healthcheck-start-period", changes.start_period, check.start_period));
    TRY(set_time("healthcheck-start-interval", changes.start_interval, check.start_interval));
    if (changes.retries.has_value()) {
        const auto retries = oci::parse_integer<std::int64_t>(*changes.retries);
        if (!retries.has_value() || *retries < 0 || *retries > 1'000'000) {
            return failure(ErrorCode::invalid, "--healthcheck-retries " + quote(*changes.retries) +
                                                   ": expected a number from 0 to 1000000");
        }
        check.retries = *retries;
    }
    const bool any = changes.none || changes.command || changes.interval || changes.timeout ||
                     changes.start_period || changes.start_interval || changes.retries;
    if (any) config.healthcheck = check;
    return {};
}

void set_platform(oci::spec::ImageConfig& config, const ConfigChanges& changes) {
    if (changes.platform.has_value()) {
        config.os = changes.platform->os;
        config.architecture = changes.platform->architecture;
        config.variant = changes.platform->variant;
    }
    if (changes.os_version.has_value()) config.os_version = *changes.os_version;
    for (const std::string& feature : changes.os_features) {
        auto& features = config.os_features;
        if (std::find(features.begin(), features.end(), feature) == features.end())
            features.push_back(feature);
    }
}

Result<void> set_process(ExecutionConfig& config, const ConfigChanges& changes) {
    if (changes.entrypoint.has_value()) config.entrypoint = changes.entrypoint;
    if (changes.cmd.has_value()) config.cmd = changes.cmd;
    TRY(set_env(config.env, changes.env));
    TRY(set_pairs("label", config.labels, changes.labels));
    for (const std::string& volume : changes.volumes) config.volumes[volume] = {};
    for (const std::string& port : changes.exposed_ports) config.exposed_ports[port] = {};
    if (changes.user.has_value()) config.user = *changes.user;
    if (changes.working_dir.has_value()) config.working_dir = *changes.working_dir;
    if (changes.stop_signal.has_value()) config.stop_signal = *changes.stop_signal;
    if (!changes.shell.empty()) config.shell = changes.shell;
    config.on_build.insert(config.on_build.end(), changes.on_build.begin(), changes.on_build.end());
    return set_healthcheck(config, changes.healthcheck);
}

Result<void> check_changes(const ConfigChanges& changes) {
    if (changes.working_dir.has_value()) TRY(check_absolute("workdir", *changes.working_dir));
    for (const std::string& volume : changes.volumes) TRY(check_absolute("volume", volume));
    for (const std::string& port : changes.exposed_ports) TRY(check_port(port));
    if (changes.stop_signal.has_value()) TRY(check_stop_signal(*changes.stop_signal));
    return {};
}

}  // namespace

const std::vector<std::string>& clearable_fields() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        all.reserve(std::size(clearables));
        for (const Clearable& field : clearables) all.emplace_back(field.name);
        return all;
    }();
    return names;
}

const std::vector<std::string>& unsettable_fields() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        all.reserve(std::size(unsettables));
        for (const Unsettable& field : unsettables) all.emplace_back(field.name);
        return all;
    }();
    return names;
}

Result<Image> set_config(Image image, const ConfigChanges& changes, const ChangeRecord& record,
                         const oci::spec::Timestamp& created) {
    TRY(check_changes(changes));
    ExecutionConfig config = image.config.config.value_or(ExecutionConfig{});
    TRY(clear_fields(image, config, changes.clear));
    TRY(unset_keys(image, config, changes.unset));
    TRY(set_process(config, changes));
    TRY(set_pairs("annotation", image.manifest.annotations, changes.annotations));
    if (changes.author.has_value()) image.config.author = *changes.author;
    set_platform(image.config, changes);
    image.config.config = std::move(config);
    oci::spec::History line{.created = to_text(created),
                            .created_by = record.created_by,
                            .comment = record.comment,
                            .empty_layer = true};
    record_change(image, line);
    if (!record.in_history) image.config.history.pop_back();
    return image;
}

}  // namespace ocimg
