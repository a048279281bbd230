#pragma once
// One container of a case, driven step by step by the runtime's command line.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "conformance/harness/case.hpp"

namespace conformance {

class Container {
public:
    /// `suffix` makes the id of a second container of the case.
    Container(Case& owner, const Bundle& bundle, const std::string& suffix = "");
    /// Force-deletes what is still there.
    ~Container();
    Container(const Container&) = delete;
    Container& operator=(const Container&) = delete;
    Container(Container&&) = delete;
    Container& operator=(Container&&) = delete;

    /// The operations; each returns whether it succeeded, and `last()` tells more.
    bool create(const std::vector<std::string>& extra = {});
    bool start();
    bool kill(const std::string& signal);
    bool remove();
    bool remove_by_force();

    /// create, start and wait for the probe's "ready"; ends the case when one fails.
    void launch();
    /// The document that `state` prints; null when it is an error.
    Json state();
    [[nodiscard]] std::string status() { return state()["status"].str(); }
    /// Waits for the end of the process whose pidfd was opened after create.
    bool wait_until_stopped();
    /// Waits until the container wrote `text`.
    bool wait_for_output(const std::string& text);
    /// All that the container wrote, once its last process has ended.
    const std::string& output();
    /// The facts that the probe printed before "ready".
    Json facts();

    [[nodiscard]] const std::string& id() const { return id_; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] const CommandResult& last() const { return last_; }
    CommandResult take_last() { return std::move(last_); }
    CommandResult take_created();
    /// The directory of the container's cgroup; `controller` counts on cgroup v1 only.
    [[nodiscard]] std::string cgroup_directory(const std::string& controller) const;

private:
    void simple(const std::string& verb, Placeholders values);

    Case& case_;
    const Bundle& bundle_;
    std::string id_;
    pid_t pid_ = -1;
    oci::Fd pidfd_;
    CommandResult created_;  // its pipes carry the container's output
    CommandResult last_;
    bool exists_ = false;
};

/// The cgroup directory of any process: on v1 of one controller, on v2 of the one tree.
std::string cgroup_directory_of(pid_t pid, const std::string& controller);
/// Whether /sys/fs/cgroup is one cgroup v2 tree.
bool is_cgroup_v2();

}  // namespace conformance
