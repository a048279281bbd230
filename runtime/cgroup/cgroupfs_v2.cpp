#include "runtime/cgroup/cgroupfs_v2.hpp"

#include <signal.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cgroup/attach_device_filter.hpp"
#include "runtime/cgroup/cgroup_directory.hpp"
#include "runtime/cgroup/delegate_cgroup.hpp"
#include "runtime/cgroup/join_cgroup.hpp"
#include "runtime/cgroup/kill_cgroup.hpp"

namespace ocirun {
namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::Fd;
using oci::Result;

Result<std::vector<std::string>> read_names(BorrowedFd directory, const std::string& file) {
    return oci::words(oci::trim(TRY(oci::read_file(directory, file, 4096))));
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

CgroupfsV2::CgroupfsV2(CgroupLocation location) : location_(std::move(location)) {
    const auto found = location_.directories.find("");
    if (found == location_.directories.end()) return;
    directory_ = found->second;
    // Open from the start where it exists, so that exec can clone into it.
    if (auto opened = open_cgroup(directory_)) cgroup_ = std::move(opened).value();
    if (location_.sub_group.empty()) return;
    if (auto opened = open_cgroup(process_directory())) sub_group_ = std::move(opened).value();
}

std::string CgroupfsV2::process_directory() const {
    return location_.sub_group.empty() ? directory_ : directory_ + "/" + location_.sub_group;
}

Result<void> CgroupfsV2::move_to_sub_group(pid_t pid) {
    if (location_.sub_group.empty()) return {};
    TRY(add_process(pid));
    // Only a directory without processes hands controllers on.
    return enable_controllers(directory_);
}

Result<void> CgroupfsV2::make_sub_group() {
    if (location_.sub_group.empty()) return {};
    // Its controllers are the container's to use; without any the limits above hold all the same. Where
    // systemd has put init into the directory itself they follow later: now the kernel would make it a
    // threaded one.
    if (location_.driver != CgroupDriver::systemd) TRY(enable_controllers(directory_));
    bool made = false;
    TRY(make_cgroup(process_directory(), made));
    sub_group_ = TRY(open_cgroup(process_directory()));
    return {};
}

Result<BorrowedFd> CgroupfsV2::open() {
    if (!cgroup_.is_open()) cgroup_ = TRY(open_cgroup(directory_));
    return cgroup_.borrow();
}

Result<void> CgroupfsV2::enable_controllers(const std::string& directory) {
    const Fd cgroup = TRY(open_cgroup(directory));
    const std::vector<std::string> available = TRY(read_names(cgroup, "cgroup.controllers"));
    const std::vector<std::string> enabled = TRY(read_names(cgroup, "cgroup.subtree_control"));
    std::vector<std::string> missing;
    for (const std::string& name : available)
        if (!contains(enabled, name)) missing.push_back("+" + name);
    if (missing.empty()) return {};
    if (oci::write_kernel_file(cgroup, "cgroup.subtree_control", oci::join(missing, " "))) return {};
    // All or nothing: one by one, so that a controller that can't be had costs only itself. Whether it
    // was needed shows when a limit is written.
    for (const std::string& name : missing) {
        const auto done = oci::write_kernel_file(cgroup, "cgroup.subtree_control", name);
        if (!done)
            not_enabled_[name.substr(1)] =
                "could not be enabled in " + directory + ": " + oci::errno_text(done.error().system_errno);
    }
    return {};
}

Result<void> CgroupfsV2::create_directories() {
    const std::string root = TRY(find_tree_root(directory_));
    std::string parent = root;
    bool made = false;
    for (const std::string& step : steps_between(root, directory_)) {
        TRY(enable_controllers(parent));
        TRY(make_cgroup(step, made));
        if (made) location_.created.push_back(step);
        parent = step;
    }
    cgroup_ = TRY(open_cgroup(directory_));
    return refuse_used(made);
}

Result<void> CgroupfsV2::refuse_used(bool made) {
    const auto events = TRY(read_keyed(cgroup_, "cgroup.events"));
    const auto is_set = [&](const std::string& key) {
        const auto found = events.find(key);
        return found != events.end() && found->second != 0;
    };
    if (!made && is_set("populated"))
        return oci::failure(ErrorCode::wrong_state,
                            "container's cgroup is not empty: " + directory_ + " holds processes");
    if (is_set("frozen"))
        return oci::failure(ErrorCode::wrong_state,
                            "container's cgroup unexpectedly frozen: thaw " + directory_ + " first");
    return {};
}

Result<void> CgroupfsV2::create() {
    // From here on only what this call makes is ours, whatever was missing when it was planned.
    location_.created.clear();
    auto done = create_directories();
    // A parent may vanish when the last container in it is deleted.
    for (int attempt = 0; !done && done.error().system_errno == ENOENT && attempt < 10; ++attempt)
        done = create_directories();
    return done;
}

Result<void> CgroupfsV2::adopt(const std::vector<CgroupWrite>& writes) {
    const BorrowedFd cgroup = TRY(open());
    const auto available = TRY(read_names(cgroup, "cgroup.controllers"));
    const bool complete = std::all_of(writes.begin(), writes.end(), [&](const CgroupWrite& write) {
        return write.controller.empty() || contains(available, write.controller);
    });
    if (complete) return {};
    const std::string root = TRY(find_tree_root(directory_));
    std::string parent = root;
    for (const std::string& step : steps_between(root, directory_)) {
        TRY(enable_controllers(parent));
        parent = step;
    }
    return {};
}

Result<void> CgroupfsV2::apply(const CgroupPlan& plan) {
    TRY(write(plan.writes));
    TRY(make_sub_group());
    const BorrowedFd cgroup = sub_group_.is_open() ? sub_group_.borrow() : TRY(open());
    if (plan.delegate_to) TRY(delegate_cgroup(cgroup, plan.delegate_to->first, plan.delegate_to->second));
    return {};
}

Result<void> CgroupfsV2::filter_devices(const CgroupPlan& plan) {
    if (plan.device_filter.empty()) return {};
    return attach_device_filter(TRY(open()), plan.device_filter).in("linux.resources.devices");
}

std::string CgroupfsV2::explain_missing(const CgroupWrite& write) {
    const auto failed = not_enabled_.find(write.controller);
    if (failed != not_enabled_.end()) return "the " + write.controller + " controller " + failed->second;
    const auto available = read_names(cgroup_, "cgroup.controllers");
    if (available && !write.controller.empty() && !contains(*available, write.controller))
        return "the " + write.controller + " controller is not available in cgroup " + directory_ +
               (available->empty() ? "; none is" : "; available: " + oci::join(*available, ", "));
    return "this kernel has no file " + write.file + " in " + directory_;
}

Result<ResourceTarget> CgroupfsV2::target_of(const std::vector<CgroupWrite>&) {
    const BorrowedFd cgroup = TRY(open());
    return ResourceTarget{
        .directory_of = [this,
                         cgroup](const std::string&) { return OpenCgroup{.fd = cgroup, .path = directory_}; },
        .explain_missing = [this](const CgroupWrite& write) { return explain_missing(write); },
    };
}

Result<void> CgroupfsV2::write(const std::vector<CgroupWrite>& writes) {
    if (writes.empty()) return {};
    return write_resources(writes, TRY(target_of(writes)));
}

Result<std::vector<CgroupWrite>> CgroupfsV2::current(const std::vector<CgroupWrite>& writes) {
    if (writes.empty()) return std::vector<CgroupWrite>();
    return read_resources(writes, TRY(target_of(writes)));
}

Result<void> CgroupfsV2::replace_device_filter(const std::vector<BpfInstruction>& program) {
    return ocirun::replace_device_filter(TRY(open()), program).in("linux.resources.devices");
}

std::optional<BorrowedFd> CgroupfsV2::clone_target() const {
    if (sub_group_.is_open()) return sub_group_.borrow();
    // One that is to be used and is not there yet cannot be cloned into.
    if (!cgroup_.is_open() || !location_.sub_group.empty()) return std::nullopt;
    return cgroup_.borrow();
}

Result<void> CgroupfsV2::add_process(pid_t pid) {
    return join_cgroup(process_directory(), pid);
}

Result<void> CgroupfsV2::set_frozen(bool frozen) {
    const BorrowedFd cgroup = TRY(open());
    const auto done = oci::write_kernel_file(cgroup, "cgroup.freeze", frozen ? "1" : "0");
    if (!done && done.error().system_errno == ENOENT)
        return oci::failure(ErrorCode::unsupported,
                            "cgroup " + directory_ + " cannot be frozen: this kernel has no cgroup.freeze");
    TRY(Result<void>(done));
    if (TRY(wait_for_event(cgroup, "frozen", frozen ? 1 : 0, Deadline(cgroup_patience)))) return {};
    if (!frozen) return oci::failure("thaw the container: a parent cgroup is frozen");
    TRY(oci::write_kernel_file(cgroup, "cgroup.freeze", "0"));
    return oci::failure("freeze the container: the kernel did not freeze every process in time");
}

Result<void> CgroupfsV2::freeze() {
    return set_frozen(true);
}

Result<void> CgroupfsV2::thaw() {
    return set_frozen(false);
}

Result<bool> CgroupfsV2::is_frozen() {
    // A cgroup that is gone, or that this kernel cannot freeze, is not frozen.
    const auto is_absent = [](const oci::Error& error) {
        return error.system_errno == ENOENT || error.system_errno == ENODEV;
    };
    const auto cgroup = open();
    if (!cgroup && is_absent(cgroup.error())) return false;
    const auto text = oci::read_file(TRY(Result<BorrowedFd>(cgroup)), "cgroup.freeze", 64);
    if (!text && is_absent(text.error())) return false;
    return oci::trim(TRY(Result<std::string>(text))) == "1";
}

Result<void> CgroupfsV2::signal_all(int signal) {
    if (signal != SIGKILL) return signal_processes(TRY(processes()), signal);
    const auto cgroup = open();
    if (!cgroup) {
        if (cgroup.error().system_errno == ENOENT) return {};
        return cgroup.error();
    }
    auto done = oci::write_kernel_file(*cgroup, "cgroup.kill", "1");
    if (done) return {};
    // ENOENT: a kernel before 5.14. EOPNOTSUPP: a threaded cgroup.
    if (done.error().system_errno != ENOENT && done.error().system_errno != EOPNOTSUPP) return done;
    return kill_while_frozen({
        .list = [this] { return processes(); },
        .freeze = [this] { return freeze(); },
        .thaw = [&]() -> Result<void> {
            return visit_cgroups(*cgroup, [](BorrowedFd below) -> Result<void> {
                (void)oci::write_kernel_file(below, "cgroup.freeze", "0");
                return {};
            });
        },
    });
}

Result<std::vector<pid_t>> CgroupfsV2::processes() {
    return read_processes_below(directory_);
}

Result<unsigned long> CgroupfsV2::oom_kills() {
    const auto cgroup = open();
    if (!cgroup) return 0UL;
    const auto values = read_keyed(*cgroup, "memory.events");
    if (!values) return 0UL;
    const auto kills = values->find("oom_kill");
    return kills == values->end() ? 0UL : kills->second;
}

Result<void> CgroupfsV2::remove() {
    cgroup_.reset();
    sub_group_.reset();
    return remove_recorded(location_.created, {directory_});
}

}  // namespace ocirun
