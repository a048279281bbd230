#include "imagetool/build/run_step.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.hpp"
#include "base/path_in_root.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "imagetool/build/failed_step.hpp"
#include "imagetool/build/run_config.hpp"
#include "imagetool/bundle/find_user.hpp"
#include "imagetool/bundle/unpack_bundle.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocimg::build {

namespace {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

/// How much of a failed command's output its error repeats.
constexpr std::size_t kept_output = 2000;

struct Pipe {
    Fd read;
    Fd write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return oci::last_system_failure("pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

std::string environment_variable(const char* name) {
    const char* const value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> runtime_environment() {
    std::vector<std::string> environment;
    for (const char* name : {"PATH", "XDG_RUNTIME_DIR", "TMPDIR"}) {
        if (const std::string value = environment_variable(name); !value.empty())
            environment.push_back(std::string(name) + "=" + value);
    }
    return environment;
}

/// Passes on everything that comes out of a pipe, and gives the end of it.
Result<std::string> relay(BorrowedFd pipe, const std::function<void(std::string_view)>& output) {
    std::string last;
    char buffer[16384];
    for (;;) {
        const ssize_t count = ::read(pipe.get(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return oci::last_system_failure("read the command's output");
        if (count == 0) return last;
        const std::string_view data(buffer, static_cast<std::size_t>(count));
        output(data);
        last += data;
        if (last.size() > 2 * kept_output) last.erase(0, last.size() - kept_output);
    }
}

Result<std::string> home_of(BorrowedFd rootfs, const oci::spec::User& user) {
    const auto text = oci::open_in_root(rootfs, "/etc/passwd", O_RDONLY | O_NONBLOCK);
    if (text) {
        const auto passwd = oci::read_all(*text, std::size_t{10} << 20U);
        for (const std::string& line : oci::split(passwd ? *passwd : "", '\n')) {
            const std::vector<std::string> fields = oci::split(line, ':');
            if (fields.size() >= 6 && fields[2] == std::to_string(user.uid) && !fields[5].empty())
                return fields[5];
        }
    }
    return std::string(user.uid == 0 ? "/root" : "/");
}

class Run {
public:
    Run(const RunStep& step, const RunSettings& settings, const RunPlace& place)
        : step_(step),
          settings_(settings),
          place_(place),
          mounts_(place.cache, place.trees, settings.gifts, place.area) {}

    Result<void> perform(const std::function<void(std::string_view)>& output) {
        if (settings_.runtime.empty()) TRY(find_runtime(""));  // says where it was looked for
        network_ = TRY(find_network().in("network of an ordinary user's build"));
        TRY(mounts_.prepare(step_, network_.resolv_conf));
        const Fd image = TRY(place_.area.view_before());
        const Fd points = TRY(place_.area.work().make("points", 0755));
        TRY(make_mount_points(image, mounts_.points(), points));
        const Fd root = TRY(place_.area.mount(points));
        TRY(place_.area.work().make("rootfs", 0755));
        const AttachedMount attached =
            TRY(place_.area.plain_copies() ? bind_at(root, place_.area.work().path_of("rootfs"))
                                           : attach_at(root, place_.area.work().path_of("rootfs")));
        const oci::spec::RuntimeConfig config = TRY(configure(image));
        TRY(write_bundle(config));
        const oci::ExitStatus status = TRY(start(output));
        if (status.code == 0) return {};
        const FailedStep failed{.settings = settings_,
                                .config = config,
                                .bundle = place_.area.work().path_of("bundle"),
                                .state_root = place_.area.work().path_of("state"),
                                .rootfs = root};
        return failure(status.describe() + last_output() + TRY(offer_failed_step(failed)));
    }

private:
    /// For the default network of an ordinary user; otherwise the namespace follows from the step alone.
    Result<NetworkPlace> find_network() {
        NetworkPlace place{.path = {}, .resolv_conf = settings_.gifts.resolv_conf};
        if (!settings_.rootless || step_.network != dockerfile::RunNetwork::default_network) return place;
        return TRY(settings_.user_network->place(settings_.gifts.resolv_conf)).value_or(place);
    }

    Result<oci::spec::RuntimeConfig> configure(BorrowedFd image) {
        RunSurroundings surroundings;
        surroundings.rootfs = place_.area.work().path_of("rootfs");
        surroundings.user = TRY(look_up_user(image, step_.user).in("USER " + step_.user));
        surroundings.home = TRY(home_of(image, surroundings.user));
        surroundings.hostname = settings_.hostname;
        surroundings.architecture = place_.architecture;
        surroundings.mounts = mounts_.mounts();
        surroundings.environment = mounts_.environment();
        surroundings.rootless = settings_.rootless;
        surroundings.network = network_.path;
        return run_config(step_, surroundings);
    }

    Result<void> write_bundle(const oci::spec::RuntimeConfig& config) {
        TRY(place_.area.work().make("state"));
        const Fd bundle = TRY(place_.area.work().make("bundle"));
        const Fd file = TRY(oci::open_at(bundle, "config.json", O_WRONLY | O_CREAT | O_EXCL, 0600));
        return oci::write_all(file, oci::spec::to_json(config));
    }

    Result<oci::ExitStatus> start(const std::function<void(std::string_view)>& output) {
        Pipe pipe = TRY(make_pipe());
        const std::string work = place_.area.work().path();
        const std::string id = "ocimg-" + work.substr(work.rfind('/') + 1);
        const oci::SpawnRequest request{.path = settings_.runtime,
                                        .arguments = {settings_.runtime, "--root", work + "/state", "run",
                                                      "--bundle", work + "/bundle", id},
                                        .environment = runtime_environment(),
                                        .standard_input = {},
                                        .standard_output = pipe.write,
                                        .standard_error = pipe.write};
        oci::ChildProcess child = TRY(oci::spawn(request).in("start " + quote(settings_.runtime)));
        pipe.write.reset();
        last_output_ = TRY(relay(pipe.read, output));
        return child.wait();
    }

    [[nodiscard]] std::string last_output() const {
        std::string text(oci::trim(last_output_));
        if (text.empty()) return "; it printed nothing";
        if (text.size() > kept_output) {
            text.erase(0, text.size() - kept_output);
            text.erase(0, text.find('\n') + 1);
        }
        return "; its last output:\n" + text;
    }

    const RunStep& step_;
    const RunSettings& settings_;
    const RunPlace& place_;
    RunMounts mounts_;
    NetworkPlace network_;
    std::string last_output_;
};

}  // namespace

Result<void> run_step(const RunStep& step, const RunSettings& settings, const RunPlace& place,
                      const std::function<void(std::string_view)>& output) {
    return Run(step, settings, place).perform(output);
}

Result<std::string> find_runtime(const std::string& name) {
    const std::string wanted = name.empty() ? "ocirun" : name;
    if (wanted.find('/') != std::string::npos) {
        const std::string path = TRY(oci::absolute_path(wanted));
        if (::access(path.c_str(), X_OK) == 0) return path;
        return failure(ErrorCode::not_found, "--runtime " + quote(name) + " is not an executable file");
    }
    std::vector<std::string> directories;
    std::string own(4096, '\0');
    const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size());
    if (size > 0) own.resize(static_cast<std::size_t>(size));
    if (size > 0) directories.push_back(own.substr(0, own.rfind('/')));
    for (std::string& directory : oci::split(environment_variable("PATH"), ':'))
        directories.push_back(std::move(directory));
    for (const char* directory : {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"})
        directories.emplace_back(directory);
    for (const std::string& directory : directories) {
        const std::string path = directory + "/" + wanted;
        if (path.starts_with('/') && ::access(path.c_str(), X_OK) == 0) return path;
    }
    return failure(ErrorCode::not_found,
                   "the runtime " + quote(wanted) + " is neither beside ocimg nor in PATH");
}

}  // namespace ocimg::build
