#pragma once
// `checkpoint` and `restore` by CRIU: a container's processes to a directory of images, and back. Host
// process.

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/container/create_container.hpp"
#include "runtime/protocol/criu_message.hpp"

namespace ocirun {

struct CheckpointOptions {
    std::string state_root;
    std::string id;
    std::string image_path;
    std::string work_path;  // CRIU's log and other files; empty: the images directory
    bool pre_dump = false;  // memory only, the container runs on
    bool unsafe_annotations = false;
    std::optional<int> status_descriptor;  // gets a zero byte once the server of lazy pages is ready
    CriuOptions criu;                      // the switches of the command line
};

struct RestoreOptions {
    RunOptions run;
    std::string image_path;
    std::string work_path;
    CriuOptions criu;
};

/// Dumps a running or paused container. Afterwards it is deleted, unless it is to be left running or this is
/// a pre-dump. Warnings are appended.
oci::Result<void> checkpoint_container(const CheckpointOptions& options, std::vector<std::string>& warnings);

/// A container out of images, with the configuration of the bundle and of nothing else. The exit code of its
/// process, 0 when detached.
oci::Result<int> restore_container(const RestoreOptions& options, std::vector<std::string>& warnings);

}  // namespace ocirun
