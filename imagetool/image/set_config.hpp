#pragma once
// Changes to an image's configuration as a value: every field of image-spec config.md, and Docker's. Pure.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/image/edit.hpp"
#include "spec/image/platform.hpp"

namespace ocimg {

/// Changes to the health check; times as in "1m30s". `none` switches checks off that a base image has.
struct HealthcheckChanges {
    std::optional<std::string> command;  // run by the shell
    bool none = false;
    std::optional<std::string> interval;
    std::optional<std::string> timeout;
    std::optional<std::string> start_period;
    std::optional<std::string> start_interval;
    std::optional<std::string> retries;
};

/// What set_config changes; whatever is empty stays as it is.
struct ConfigChanges {
    std::vector<std::string> clear;  // cleared first: names of clearable_fields()
    std::vector<std::string> unset;  // then removed: "FIELD=KEY", FIELD of unsettable_fields()
    std::optional<std::vector<std::string>> entrypoint;
    std::optional<std::vector<std::string>> cmd;
    std::vector<std::string> env;     // NAME=VALUE, replaces the variable or is added
    std::vector<std::string> labels;  // NAME=VALUE, likewise
    std::vector<std::string> volumes;
    std::vector<std::string> exposed_ports;  // PORT[/tcp|udp|sctp]
    std::vector<std::string> annotations;    // NAME=VALUE, of the manifest
    std::optional<std::string> user;
    std::optional<std::string> working_dir;
    std::optional<std::string> stop_signal;
    std::optional<std::string> author;
    std::optional<oci::spec::Platform> platform;
    std::optional<std::string> os_version;
    std::vector<std::string> os_features;
    std::vector<std::string> shell;     // Docker's: words
    std::vector<std::string> on_build;  // Docker's: instructions
    HealthcheckChanges healthcheck;
};

/// The names that ConfigChanges::clear and ConfigChanges::unset take.
const std::vector<std::string>& clearable_fields();
const std::vector<std::string>& unsettable_fields();

/// The line of history that a change leaves.
struct ChangeRecord {
    std::string created_by;
    std::string comment;
    bool in_history = true;  // without, only the image's own time changes
};

/// The same image with the changes, and a line of history without a layer. A value that image-spec
/// config.md does not allow, or that no runtime could start, is an error that names the option.
oci::Result<Image> set_config(Image image, const ConfigChanges& changes, const ChangeRecord& record,
                              const oci::spec::Timestamp& created);

/// A time as Docker writes it, in nanoseconds: "300ms", "1m30s", "0".
oci::Result<std::int64_t> parse_check_time(std::string_view text);

}  // namespace ocimg
