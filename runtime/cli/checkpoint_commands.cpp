#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/container/checkpoint_container.hpp"

// checkpoint and restore: the options of runc and crun, as CRIU wants them.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Command;
using oci::cli::Completes;
using oci::cli::Option;
using oci::cli::Values;

namespace {

constexpr const char* usual_images = "checkpoint";

Option words(Option option, std::vector<std::string> allowed) {
    option.completes = Completes::words;
    option.words = std::move(allowed);
    return option;
}

/// What both commands have.
std::vector<Option> shared_options() {
    return {
        value("image-path", "DIR", "directory of the images, ./checkpoint by default", "",
              Completes::directories),
        value("work-path", "DIR", "directory for CRIU's log and other files; that of the images by default",
              "", Completes::directories),
        flag("tcp-established", "allow open TCP connections"),
        flag("tcp-close", "close TCP connections"),
        flag("ext-unix-sk", "allow Unix sockets whose other end is outside"),
        flag("shell-job", "allow a session and a terminal from outside"),
        flag("file-locks", "handle file locks"),
        words(value("manage-cgroups-mode", "MODE", "soft, full, strict or ignore"),
              {"soft", "full", "strict", "ignore"}),
        flag("lazy-pages", "transfer memory when it is asked for, by userfaultfd"),
        flag("auto-dedup", "remove from older images what newer ones hold"),
        list("empty-ns", "KIND", "make this namespace without its content: network"),
        words(value("network-lock", "METHOD", "how packets are held back: iptables, nftables or skip"),
              {"iptables", "nftables", "skip"})};
}

Command checkpoint_table() {
    Command command{
        .name = "checkpoint",
        .summary = "save the processes of a container as images, by CRIU",
        .arguments = "CONTAINER-ID",
        .description =
            "Needs CRIU. The container is deleted afterwards, unless --leave-running or --pre-dump is "
            "given. The images hold processes, not files: keep the root file system for 'restore'.",
        .options = shared_options(),
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocirun checkpoint --image-path /var/lib/images/web web"}};
    for (Option& option : std::vector<Option>{
             flag("leave-running", "let the container run on"),
             flag("pre-dump", "save the memory only, and let the container run on"),
             value("parent-path", "DIR", "images of an earlier pre-dump, relative to --image-path", "",
                   Completes::directories),
             flag("tcp-skip-in-flight", "leave out TCP connections that are being made"),
             flag("link-remap", "handle files that are open but have no name any more"),
             value("page-server", "ADDRESS:PORT", "send memory to a page server"),
             value("status-fd", "FD", "descriptor that gets a zero byte when lazy pages can be asked for")})
        command.options.push_back(std::move(option));
    return command;
}

Command restore_table() {
    Command command{
        .name = "restore",
        .summary = "bring a container back from images, by CRIU",
        .arguments = "CONTAINER-ID",
        .description =
            "Needs CRIU, and the bundle: the configuration comes from there and never from the images.",
        .options = shared_options(),
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocirun restore --detach --bundle ./mycontainer --image-path /var/lib/images/web web"}};
    for (Option& option : std::vector<Option>{
             value("bundle", "DIR", "path of the bundle, the current directory by default", "b",
                   Completes::directories),
             value("console-socket", "SOCKET", "AF_UNIX socket that receives the master of the terminal", "",
                   Completes::files),
             value("pid-file", "FILE", "file to write the process id to", "", Completes::files),
             flag("detach", "leave the container running in the background", "d"),
             flag("no-subreaper", "do not become the subreaper of the container's processes"),
             flag("no-pivot", "accepted for runc's sake: CRIU enters the root in its own way"),
             value("lsm-profile", "TYPE:NAME", "profile of AppArmor or label of SELinux for the processes"),
             value("lsm-mount-context", "CONTEXT", "SELinux context for the mounts")})
        command.options.push_back(std::move(option));
    return command;
}

Result<CriuCgroupMode> cgroup_mode(const std::string& word) {
    if (word.empty()) return CriuCgroupMode::usual;
    if (word == "soft") return CriuCgroupMode::soft;
    if (word == "full") return CriuCgroupMode::full;
    if (word == "strict") return CriuCgroupMode::strict;
    if (word == "ignore") return CriuCgroupMode::ignore;
    return failure(ErrorCode::invalid, "--manage-cgroups-mode: invalid manage-cgroups-mode value " +
                                           oci::quote(word) + ": allowed are soft, full, strict and ignore");
}

Result<std::optional<CriuNetworkLock>> network_lock(const std::string& word) {
    if (word.empty()) return std::optional<CriuNetworkLock>();
    if (word == "iptables") return std::optional(CriuNetworkLock::iptables);
    if (word == "nftables") return std::optional(CriuNetworkLock::nftables);
    if (word == "skip") return std::optional(CriuNetworkLock::skip);
    return failure(ErrorCode::invalid,
                   "--network-lock: " + oci::quote(word) + ": allowed are iptables, nftables and skip");
}

Result<std::uint32_t> empty_namespaces(const std::vector<std::string>& kinds) {
    std::uint32_t flags = 0;
    for (const std::string& kind : kinds) {
        if (kind != "network")
            return failure(ErrorCode::invalid, "--empty-ns: namespace " + oci::quote(kind) +
                                                   " is not supported: allowed is network");
        flags |= CLONE_NEWNET;
    }
    return flags;
}

Result<std::optional<CriuPageServer>> page_server(const std::string& text) {
    if (text.empty()) return std::optional<CriuPageServer>();
    const std::size_t colon = text.rfind(':');
    const auto port = colon == std::string::npos
                          ? std::nullopt
                          : oci::parse_integer<std::uint16_t>(std::string_view(text).substr(colon + 1));
    if (!port || *port == 0 || colon == 0)
        return failure(ErrorCode::invalid, "--page-server: " + oci::quote(text) + ": expected ADDRESS:PORT");
    return std::optional(CriuPageServer{.address = text.substr(0, colon), .port = *port});
}

Result<CriuOptions> criu_options(const Values& values) {
    CriuOptions criu;
    criu.tcp_established = values.has("tcp-established");
    criu.tcp_close = values.has("tcp-close");
    criu.tcp_skip_in_flight = values.has("tcp-skip-in-flight");
    criu.external_sockets = values.has("ext-unix-sk");
    criu.shell_job = values.has("shell-job");
    criu.file_locks = values.has("file-locks");
    criu.lazy_pages = values.has("lazy-pages");
    criu.auto_dedup = values.has("auto-dedup");
    criu.link_remap = values.has("link-remap");
    criu.leave_running = values.has("leave-running");
    criu.lsm_profile = values.get("lsm-profile");
    criu.lsm_mount_context = values.get("lsm-mount-context");
    criu.cgroup_mode = TRY(cgroup_mode(values.get("manage-cgroups-mode")));
    criu.network_lock = TRY(network_lock(values.get("network-lock")));
    criu.empty_namespaces = TRY(empty_namespaces(values.all("empty-ns")));
    criu.page_server = TRY(page_server(values.get("page-server")));
    return criu;
}

/// --image-path, or ./checkpoint.
Result<std::string> image_path(const Values& values) {
    const std::string path = values.get("image-path");
    return oci::absolute_path(path.empty() ? usual_images : path);
}

/// --parent-path is relative to the images, and there.
Result<std::string> parent_path(const Values& values, const std::string& images) {
    std::string path = values.get("parent-path");
    if (path.empty()) return path;
    if (path.starts_with('/'))
        return failure(ErrorCode::invalid,
                       "--parent-path: " + oci::quote(path) + " must be relative to --image-path");
    // By the names alone: the directory of the images may have to be made yet.
    const std::string place = oci::clean_path(images + "/" + path);
    struct stat status {};
    if (::stat(place.c_str(), &status) != 0) return oci::last_system_failure("--parent-path: " + place);
    if (!S_ISDIR(status.st_mode))
        return failure(ErrorCode::invalid, "--parent-path: " + place + " is no directory");
    return path;
}

Result<std::optional<int>> status_descriptor(const Values& values) {
    const std::string text = values.get("status-fd");
    if (text.empty() || text == "-1") return std::optional<int>();
    const auto number = oci::parse_integer<int>(text);
    if (!number || *number < 0)
        return failure(ErrorCode::invalid,
                       "--status-fd: " + oci::quote(text) + ": expected a descriptor's number");
    return std::optional(*number);
}

void warn_without_root(CommandContext& context) {
    if (::geteuid() != 0)
        context.warnings.emplace_back(
            "checkpoint and restore without root are untested: CRIU needs privileges");
}

}  // namespace

Result<int> checkpoint_command(CommandContext& context) {
    const Values& values = *context.values;
    CheckpointOptions options;
    options.state_root = context.state_root;
    options.id = context.id();
    options.criu = TRY(criu_options(values));
    options.image_path = TRY(image_path(values));
    options.criu.parent_images = TRY(parent_path(values, options.image_path));
    if (!values.get("work-path").empty())
        options.work_path = TRY(oci::absolute_path(values.get("work-path")));
    options.pre_dump = values.has("pre-dump");
    options.unsafe_annotations = context.unsafe_annotations;
    options.status_descriptor = TRY(status_descriptor(values));
    warn_without_root(context);
    TRY(checkpoint_container(options, context.warnings).in("ocirun checkpoint failed"));
    return 0;
}

Result<int> restore_command(CommandContext& context) {
    const Values& values = *context.values;
    RestoreOptions options;
    options.run.create.state_root = context.state_root;
    options.run.create.id = context.id();
    options.run.create.bundle = values.get("bundle");
    options.run.create.console_socket = values.get("console-socket");
    if (!values.get("pid-file").empty())
        options.run.create.pid_file = TRY(oci::absolute_path(values.get("pid-file")));
    options.run.create.no_pivot = values.has("no-pivot");
    options.run.create.systemd_cgroup = context.systemd_cgroup;
    options.run.create.cgroups_disabled = context.cgroups_disabled;
    options.run.create.unsafe_annotations = context.unsafe_annotations;
    options.run.detach = values.has("detach");
    options.run.subreaper = !values.has("no-subreaper");
    options.criu = TRY(criu_options(values));
    options.image_path = TRY(image_path(values));
    if (!values.get("work-path").empty())
        options.work_path = TRY(oci::absolute_path(values.get("work-path")));
    // What else the caller left open is nobody's business in a container (CVE-2024-21626).
    TRY(oci::close_at_execve(3, TRY(oci::open_file("/proc", O_PATH | O_DIRECTORY))));
    warn_without_root(context);
    return restore_container(options, context.warnings).in("ocirun restore failed");
}

std::vector<CommandEntry> checkpoint_entries() {
    return {{checkpoint_table(), checkpoint_command, false}, {restore_table(), restore_command, true}};
}

}  // namespace ocirun
