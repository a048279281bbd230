#pragma once
// The mounts of a RUN step: --mount, and the files that every step gets (hosts, resolv.conf, its script).

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/attached_mount.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/build/mount_points.hpp"
#include "imagetool/build/step_area.hpp"
#include "imagetool/build/trees.hpp"
#include "spec/runtime/config.hpp"

namespace ocimg::build {

/// What the command line gives to RUN steps.
struct RunGifts {
    std::map<std::string, std::string> secrets;      // --secret: id to content
    std::map<std::string, std::string> ssh_sockets;  // --ssh: id to the path of an agent's socket
    std::string hosts;                               // text of /etc/hosts
    std::string resolv_conf;
};

/// Prepared mounts. Dropping it takes away whatever was attached and unlocks cache mounts.
class RunMounts {
public:
    RunMounts(const BuildCache& cache, const Trees& trees, const RunGifts& gifts, const StepArea& area)
        : cache_(cache), trees_(trees), gifts_(gifts), area_(area) {}

    /// `resolv_conf` is the text of that file for steps that have a network.
    oci::Result<void> prepare(const RunStep& step, const std::string& resolv_conf);

    /// For config.json, in order.
    [[nodiscard]] const std::vector<oci::spec::Mount>& mounts() const { return mounts_; }
    /// Variables that the mounts bring (secrets, the agent).
    [[nodiscard]] const std::vector<std::string>& environment() const { return environment_; }
    /// The places in the image that they need.
    [[nodiscard]] const std::vector<MountPoint>& points() const { return points_; }

private:
    oci::Result<void> add_text(const std::string& target, const std::string& content, mode_t mode);
    oci::Result<void> add_given(const RunMount& mount);
    oci::Result<void> add_bind(const RunMount& mount);
    oci::Result<void> add_cache(const RunMount& mount);
    oci::Result<void> add_tmpfs(const RunMount& mount);
    oci::Result<void> add_secret(const RunMount& mount);
    oci::Result<void> add_ssh(const RunMount& mount);
    oci::Result<oci::Fd> open_source(const RunMount& mount, bool make_missing);
    oci::Result<oci::Fd> filtered_context(const OpenedTree& tree);
    oci::Result<oci::Fd> claim_cache(const RunMount& mount, bool& is_new);
    oci::Result<void> add_bound(oci::BorrowedFd source, const std::string& target, bool readonly);
    oci::Result<void> add_discarding(oci::BorrowedFd source, const std::string& target);
    void add_mount(const std::string& source, const std::string& target, bool readonly, bool directory);
    oci::Result<std::string> new_place(bool directory);
    oci::Result<std::string> secret_file(const dockerfile::Mount& mount, const std::string& content);

    const BuildCache& cache_;
    const Trees& trees_;
    const RunGifts& gifts_;
    const StepArea& area_;
    std::vector<oci::Fd> locks_;
    std::deque<AttachedMount> attached_;  // taken away in any order: none stands on another but the tmpfs
    std::string secrets_place_;
    std::size_t places_ = 0;
    std::size_t agents_ = 0;
    std::vector<oci::spec::Mount> mounts_;
    std::vector<std::string> environment_;
    std::vector<MountPoint> points_;
};

}  // namespace ocimg::build
