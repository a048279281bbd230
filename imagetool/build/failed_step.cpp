#include "imagetool/build/failed_step.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "imagetool/build/copy_files.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

/// The same container with a shell on the caller's terminal.
Result<void> run_shell(const FailedStep& step) {
    oci::spec::RuntimeConfig config = step.config;
    config.process->args = {"/bin/sh"};
    config.process->terminal = ::isatty(STDIN_FILENO) == 1;
    const Fd bundle = TRY(oci::open_file(step.bundle, O_RDONLY | O_DIRECTORY));
    const Fd file = TRY(oci::open_at(bundle, "config.json", O_WRONLY | O_TRUNC));
    TRY(oci::write_all(file, oci::spec::to_json(config)));
    const std::string& runtime = step.settings.runtime;
    const oci::SpawnRequest request{
        .path = runtime,
        .arguments = {runtime, "--root", step.state_root, "run", "--bundle", step.bundle, "ocimg-shell"},
        .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
        .standard_input = BorrowedFd(STDIN_FILENO),
        .standard_output = BorrowedFd(STDERR_FILENO),
        .standard_error = BorrowedFd(STDERR_FILENO)};
    oci::ChildProcess child = TRY(oci::spawn(request));
    TRY(child.wait());
    return {};
}

/// The files as they were when the command failed, and the config.json of the step, in a directory that
/// stays. Mounts of files of this build are left out: they are gone with it.
Result<void> keep_bundle(const FailedStep& step) {
    const std::string& path = step.settings.keep_directory;
    TRY(oci::make_directory(oci::current_directory, path, 0700));
    const Fd bundle = TRY(oci::open_file(path, O_RDONLY | O_DIRECTORY));
    TRY(oci::make_directory(bundle, "rootfs", 0755));
    const Fd rootfs = TRY(oci::open_at(bundle, "rootfs", O_RDONLY | O_DIRECTORY));
    const FileTree tree{.root = step.rootfs, .name = "the failed step"};
    TRY(copy_directory(tree, ".", rootfs));
    oci::spec::RuntimeConfig config = step.config;
    config.root->path = "rootfs";
    std::erase_if(config.mounts, [](const auto& mount) { return mount.type == "bind"; });
    config.process->args = {"/bin/sh"};
    const Fd file = TRY(oci::open_at(bundle, "config.json", O_WRONLY | O_CREAT | O_EXCL, 0600));
    return oci::write_all(file, oci::spec::to_json(config, "    ") + "\n");
}

}  // namespace

Result<std::string> offer_failed_step(const FailedStep& step) {
    switch (step.settings.on_failure) {
        case OnFailure::stop:
            return std::string(
                "\nTo look around in this place, build again with --on-failure shell (a shell there) or "
                "--on-failure keep (a bundle).");
        case OnFailure::shell:
            TRY(run_shell(step));
            return std::string();
        case OnFailure::keep:
            TRY(keep_bundle(step).in("keep the failed step"));
            return "\nThe place where it failed is kept as a bundle. Enter it with: ocirun run --bundle " +
                   step.settings.keep_directory + " failed";
    }
    return std::string();
}

}  // namespace ocimg::build
