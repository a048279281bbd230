#include "imagetool/bundle/to_runtime_config.hpp"

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/default_config.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::ExecutionConfig;
using oci::spec::ImageConfig;

constexpr const char* default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runtimes and engines take orders from annotations with these beginnings; an image must not give any.
constexpr std::array<std::string_view, 6> steering_labels{"org.systemd.",  "run.oci.",  "org.criu.",
                                                          "io.containerd", "io.podman", "ocirun."};

Result<void> set_process(oci::spec::Process& process, const ExecutionConfig& image) {
    process.args = image.entrypoint.value_or(std::vector<std::string>{});
    if (image.cmd.has_value()) process.args.insert(process.args.end(), image.cmd->begin(), image.cmd->end());
    // An image may leave the command to its user; a bundle must have one.
    if (process.args.empty()) process.args = {"sh"};
    bool has_path = false;
    for (std::size_t i = 0; i < image.env.size(); ++i) {
        const std::string& entry = image.env[i];
        if (entry.find('=') == std::string::npos || entry[0] == '=' ||
            entry.find('\0') != std::string::npos) {
            return failure(ErrorCode::invalid, "image config: config.Env[" + std::to_string(i) + "]: found " +
                                                   quote(entry) + ", expected NAME=VALUE");
        }
        has_path = has_path || entry.starts_with("PATH=");
    }
    if (!has_path) process.env.emplace_back(default_path);
    process.env.insert(process.env.end(), image.env.begin(), image.env.end());
    if (image.working_dir.empty()) return {};
    if (!image.working_dir.starts_with('/')) {
        return failure(ErrorCode::invalid, "image config: config.WorkingDir: found " +
                                               quote(image.working_dir) + ", expected an absolute path");
    }
    process.cwd = image.working_dir;
    return {};
}

std::map<std::string, std::string> implicit_annotations(const ImageConfig& image,
                                                        const ExecutionConfig& config) {
    std::vector<std::string> ports;
    for (const auto& [port, empty] : config.exposed_ports) ports.push_back(port);
    const std::array<std::pair<const char*, std::string>, 9> all{{
        {"os", image.os},
        {"architecture", image.architecture},
        {"variant", image.variant},
        {"os.version", image.os_version},
        {"os.features", oci::join(image.os_features, ",")},
        {"author", image.author},
        {"created", image.created},
        {"stopSignal", config.stop_signal},
        {"exposedPorts", oci::join(ports, ",")},
    }};
    std::map<std::string, std::string> annotations;
    for (const auto& [name, value] : all) {
        if (!value.empty()) annotations[std::string("org.opencontainers.image.") + name] = value;
    }
    return annotations;
}

bool steers_runtimes(std::string_view label) {
    return std::any_of(steering_labels.begin(), steering_labels.end(),
                       [&](std::string_view start) { return label.starts_with(start); });
}

void add_labels(Conversion& conversion, const ExecutionConfig& image) {
    for (const auto& [name, value] : image.labels) {
        if (steers_runtimes(name)) {
            conversion.warnings.push_back("label " + quote(name) +
                                          " of the image is left out: it could steer the runtime");
        } else {
            conversion.config.annotations[name] = value;
        }
    }
}

Result<void> add_volumes(std::vector<oci::spec::Mount>& mounts, const ExecutionConfig& image) {
    for (const auto& [path, empty] : image.volumes) {
        const std::vector<std::string> parts = oci::split(path, '/');
        const bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
        if (!path.starts_with('/') || climbs || oci::clean_path(path) == "/") {
            return failure(ErrorCode::invalid, "image config: config.Volumes: found " + quote(path) +
                                                   ", expected an absolute path below / without \"..\"");
        }
        oci::spec::Mount mount;
        mount.destination = path;
        mount.type = "tmpfs";
        mount.source = "tmpfs";
        mount.options = {"rw", "nosuid", "nodev", "tmpcopyup"};
        mounts.push_back(std::move(mount));
    }
    return {};
}

}  // namespace

Result<Conversion> to_runtime_config(const ImageConfig& image, const oci::spec::User& user) {
    if (image.os != "linux") {
        return failure(ErrorCode::unsupported, "image config: os: found " + quote(image.os) +
                                                   ", only linux can become a bundle here");
    }
    const ExecutionConfig execution = image.config.value_or(ExecutionConfig{});
    Conversion conversion;
    conversion.config = default_runtime_config();
    TRY(set_process(*conversion.config.process, execution));
    conversion.config.process->user = user;
    conversion.config.annotations = implicit_annotations(image, execution);
    add_labels(conversion, execution);
    TRY(add_volumes(conversion.config.mounts, execution));
    return conversion;
}

}  // namespace ocimg
