#include "imagetool/image/edit.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::ExecutionConfig;

/// The OCI name of a layer's media type; anything unknown stays as it is.
std::string oci_layer_type(const std::string& media_type) {
    constexpr std::array<std::array<std::string_view, 2>, 5> names{{
        {oci::spec::media_type::docker_layer_tar, oci::spec::media_type::layer_tar},
        {oci::spec::media_type::docker_layer_gzip, oci::spec::media_type::layer_tar_gzip},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", oci::spec::media_type::layer_tar_zstd},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar",
         "application/vnd.oci.image.layer.nondistributable.v1.tar"},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
    }};
    for (const auto& [docker, oci_name] : names) {
        if (media_type == docker) return std::string(oci_name);
    }
    return media_type;
}

void become_oci(Image& image) {
    image.manifest.media_type = oci::spec::media_type::manifest;
    image.manifest.config.media_type = oci::spec::media_type::config;
    for (Descriptor& layer : image.manifest.layers) layer.media_type = oci_layer_type(layer.media_type);
}

void record_change(Image& image, const std::string& created_by, const oci::spec::Timestamp& created,
                   bool empty_layer) {
    oci::spec::History line;
    line.created = to_text(created);
    line.created_by = created_by;
    line.empty_layer = empty_layer;
    image.config.created = line.created;
    image.config.history.push_back(std::move(line));
    become_oci(image);
}

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

constexpr std::array<Clearable, 11> clearables{{
    {"annotations", [](Image& image, ExecutionConfig&) { image.manifest.annotations.clear(); }},
    {"author", [](Image& image, ExecutionConfig&) { image.config.author.clear(); }},
    {"cmd", [](Image&, ExecutionConfig& config) { config.cmd.reset(); }},
    {"entrypoint", [](Image&, ExecutionConfig& config) { config.entrypoint.reset(); }},
    {"env", [](Image&, ExecutionConfig& config) { config.env.clear(); }},
    {"expose", [](Image&, ExecutionConfig& config) { config.exposed_ports.clear(); }},
    {"labels", [](Image&, ExecutionConfig& config) { config.labels.clear(); }},
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

Result<void> check_changes(const ConfigChanges& changes) {
    if (changes.working_dir.has_value()) TRY(check_absolute("workdir", *changes.working_dir));
    for (const std::string& volume : changes.volumes) TRY(check_absolute("volume", volume));
    for (const std::string& port : changes.exposed_ports) TRY(check_port(port));
    if (changes.stop_signal.has_value()) TRY(check_stop_signal(*changes.stop_signal));
    return {};
}

}  // namespace

Image empty_image(const oci::spec::Platform& platform, const oci::spec::Timestamp& created) {
    Image image;
    image.manifest.media_type = oci::spec::media_type::manifest;
    image.config.created = to_text(created);
    image.config.architecture = platform.architecture;
    image.config.os = platform.os;
    image.config.variant = platform.variant;
    image.config.rootfs.type = "layers";
    return image;
}

Image append_layer(Image image, const Descriptor& layer, const std::string& diff_id,
                   const std::string& created_by, const oci::spec::Timestamp& created) {
    image.manifest.layers.push_back(layer);
    image.config.rootfs.diff_ids.push_back(diff_id);
    record_change(image, created_by, created, false);
    return image;
}

const std::vector<std::string>& clearable_fields() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Clearable& field : clearables) all.emplace_back(field.name);
        return all;
    }();
    return names;
}

Result<Image> set_config(Image image, const ConfigChanges& changes, const std::string& created_by,
                         const oci::spec::Timestamp& created) {
    TRY(check_changes(changes));
    ExecutionConfig config = image.config.config.value_or(ExecutionConfig{});
    TRY(clear_fields(image, config, changes.clear));
    if (changes.entrypoint.has_value()) config.entrypoint = changes.entrypoint;
    if (changes.cmd.has_value()) config.cmd = changes.cmd;
    TRY(set_env(config.env, changes.env));
    TRY(set_pairs("label", config.labels, changes.labels));
    TRY(set_pairs("annotation", image.manifest.annotations, changes.annotations));
    for (const std::string& volume : changes.volumes) config.volumes[volume] = {};
    for (const std::string& port : changes.exposed_ports) config.exposed_ports[port] = {};
    if (changes.user.has_value()) config.user = *changes.user;
    if (changes.working_dir.has_value()) config.working_dir = *changes.working_dir;
    if (changes.stop_signal.has_value()) config.stop_signal = *changes.stop_signal;
    if (changes.author.has_value()) image.config.author = *changes.author;
    if (changes.platform.has_value()) {
        image.config.os = changes.platform->os;
        image.config.architecture = changes.platform->architecture;
        image.config.variant = changes.platform->variant;
    }
    image.config.config = std::move(config);
    record_change(image, created_by, created, true);
    return image;
}

Result<oci::spec::Timestamp> timestamp_of_epoch(std::string_view source_date_epoch) {
    if (source_date_epoch.empty()) return oci::spec::Timestamp{};
    const auto seconds = oci::parse_integer<std::int64_t>(source_date_epoch);
    // The last second of the year 9999, the end of RFC 3339.
    if (seconds.has_value() && *seconds >= 0 && *seconds <= 253402300799) {
        return oci::spec::Timestamp{.seconds = *seconds};
    }
    return failure(ErrorCode::invalid, "SOURCE_DATE_EPOCH: " + quote(source_date_epoch) +
                                           " is not a number of seconds since 1970");
}

}  // namespace ocimg
