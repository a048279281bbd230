#pragma once
// The image configuration: platform, default process, layers and history (image-spec config.md).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace oci::spec {

/// Docker's health check, which the specification reserves. Times are nanoseconds.
struct Healthcheck {
    std::vector<std::string> test;
    std::optional<std::int64_t> interval;
    std::optional<std::int64_t> timeout;
    std::optional<std::int64_t> start_period;
    std::optional<std::int64_t> start_interval;
    std::optional<std::int64_t> retries;
};

/// The empty object that stands for "in the set" in ExposedPorts and Volumes.
struct EmptyObject {};

/// How a container of the image is started ("config").
struct ExecutionConfig {
    std::string user;
    std::map<std::string, EmptyObject> exposed_ports;
    std::vector<std::string> env;
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> cmd;
    std::map<std::string, EmptyObject> volumes;
    std::string working_dir;
    std::map<std::string, std::string> labels;
    std::string stop_signal;
    bool args_escaped = false;
    std::optional<std::int64_t> memory;
    std::optional<std::int64_t> memory_swap;
    std::optional<std::int64_t> cpu_shares;
    std::optional<Healthcheck> healthcheck;
    std::vector<std::string> on_build;  // Docker's
    std::vector<std::string> shell;     // Docker's
};

struct RootFs {
    std::string type;
    std::vector<std::string> diff_ids;  // the base layer first
};

struct History {
    std::string created;
    std::string author;
    std::string created_by;
    std::string comment;
    bool empty_layer = false;
};

struct ImageConfig {
    std::string created;
    std::string author;
    std::string architecture;
    std::string os;
    std::string os_version;
    std::vector<std::string> os_features;
    std::string variant;
    std::optional<ExecutionConfig> config;
    RootFs rootfs;
    std::vector<History> history;
};

}  // namespace oci::spec
