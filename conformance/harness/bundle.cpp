#include "conformance/harness/bundle.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"

namespace conformance {
namespace {

/// The smallest configuration that gives a container of its own, with the usual file systems.
constexpr std::string_view base_configuration = R"({
  "ociVersion": "1.0.2",
  "root": {"path": "rootfs"},
  "hostname": "conformance",
  "process": {
    "cwd": "/",
    "args": ["/probe"],
    "env": ["PATH=/bin", "TERM=xterm"],
    "user": {"uid": 0, "gid": 0},
    "capabilities": {
      "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"],
      "effective": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"],
      "permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"]
    },
    "noNewPrivileges": true
  },
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}
  ],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "mount"}, {"type": "ipc"}, {"type": "uts"}],
    "resources": {"devices": [{"allow": false, "access": "rwm"}]}
  }
})";

}  // namespace

Bundle::Bundle(std::string directory, const std::string& probe, const std::string& cgroup)
    : directory_(std::move(directory)),
      probe_(probe),
      cgroup_(cgroup),
      config_(Json::of(base_configuration)) {
    for (const char* name : {"", "/rootfs", "/rootfs/proc", "/rootfs/dev", "/rootfs/sys", "/rootfs/tmp"})
        ::mkdir((directory_ + name).c_str(), 0755);
    probe_at("rootfs/probe");
    set("/linux/cgroupsPath", Json::text("/" + cgroup));
}

Bundle& Bundle::set(std::string_view pointer, std::string_view json) {
    return set(pointer, Json::of(json));
}

Bundle& Bundle::set(std::string_view pointer, Json value) {
    config_.set(pointer, std::move(value));
    return *this;
}

Bundle& Bundle::erase(std::string_view pointer) {
    config_.erase(pointer);
    return *this;
}

Bundle& Bundle::ask(const std::vector<std::string>& requests) {
    Json words = Json::array_of({"/probe"});
    for (const std::string& request : requests) words.push(Json::text(request));
    return set("/process/args", std::move(words));
}

Bundle& Bundle::mount(const std::string& destination, const std::string& type, const std::string& source,
                      const std::string& options) {
    Json entry = Json::object();
    entry.put("destination", Json::text(destination));
    if (!type.empty()) entry.put("type", Json::text(type));
    if (!source.empty()) entry.put("source", Json::text(source));
    if (!options.empty()) entry.put("options", Json::array_of(oci::split(options, ',')));
    return set("/mounts/-", std::move(entry));
}

Bundle& Bundle::enter_namespace(const std::string& type, const std::string& path) {
    leave_namespace(type);
    Json entry = Json::object();
    entry.put("type", Json::text(type));
    if (!path.empty()) entry.put("path", Json::text(path));
    return set("/linux/namespaces/-", std::move(entry));
}

Bundle& Bundle::leave_namespace(const std::string& type) {
    const auto& list = config_["linux"]["namespaces"].items();
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (list[i]["type"].str() != type) continue;
        config_.erase("/linux/namespaces/" + std::to_string(i));
        break;
    }
    return *this;
}

Bundle& Bundle::map_ids(unsigned uid, unsigned gid) {
    enter_namespace("user");
    for (const auto& [key, id] : {std::pair("uidMappings", uid), std::pair("gidMappings", gid)}) {
        set("/linux/" + std::string(key),
            R"([{"containerID": 0, "hostID": )" + std::to_string(id) + R"(, "size": 1}])");
    }
    return erase("/linux/cgroupsPath").erase("/linux/resources");
}

Bundle& Bundle::raw(std::string text) {
    raw_ = std::move(text);
    return *this;
}

Bundle& Bundle::file(const std::string& path, std::string_view content, unsigned mode) {
    write_file(directory_ + "/" + path, content, mode);
    return *this;
}

Bundle& Bundle::directory(const std::string& path, unsigned mode) {
    static_cast<void>(oci::make_directories(directory_ + "/" + path, 0755));
    ::chmod((directory_ + "/" + path).c_str(), mode);
    return *this;
}

Bundle& Bundle::owner(const std::string& path, unsigned uid, unsigned gid) {
    static_cast<void>(::chown((directory_ + "/" + path).c_str(), uid, gid) == 0);
    return *this;
}

Bundle& Bundle::probe_at(const std::string& path, unsigned mode) {
    copy_file(probe_, directory_ + "/" + path, mode);
    return *this;
}

std::string Bundle::write() const {
    std::string text = raw_.empty() ? config_.dump() : raw_;
    write_file(directory_ + "/config.json", text);
    return text;
}

void copy_file(const std::string& from, const std::string& to, unsigned mode) {
    const oci::Fd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    const oci::Fd target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
    while (::sendfile(target.get(), source.get(), nullptr, 1 << 30) > 0) continue;
    ::fchmod(target.get(), mode);
}

bool write_file(const std::string& path, std::string_view content, unsigned mode) {
    const oci::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file.is_open()) return false;
    ::fchmod(file.get(), mode);
    return content.empty() || oci::write_all(file, content).has_value();
}

std::string read_text(const std::string& path) {
    auto text = oci::read_kernel_file(path);
    return text ? *text : std::string();
}

}  // namespace conformance
