#pragma once
// A bundle on disk: a root file system that holds the probe, and a config.json that a case changes by
// pointers.

#include <string>
#include <string_view>
#include <vector>

#include "conformance/harness/json.hpp"

namespace conformance {

class Bundle {
public:
    /// Makes the directory, its rootfs and the configuration every case starts from.
    Bundle(std::string directory, const std::string& probe, const std::string& cgroup);

    /// Changes the configuration. Values are JSON text: set("/process/cwd", R"("/tmp")").
    Bundle& set(std::string_view pointer, std::string_view json);
    Bundle& set(std::string_view pointer, Json value);
    Bundle& erase(std::string_view pointer);
    /// The container runs the probe with these requests.
    Bundle& ask(const std::vector<std::string>& requests);
    /// Adds to mounts: options are separated by commas.
    Bundle& mount(const std::string& destination, const std::string& type, const std::string& source,
                  const std::string& options);
    /// Adds a namespace, or changes the path of one that is there.
    Bundle& enter_namespace(const std::string& type, const std::string& path = "");
    Bundle& leave_namespace(const std::string& type);
    /// What an ordinary user can have: root inside is this user outside, and there is no cgroup.
    Bundle& map_ids(unsigned uid, unsigned gid);
    /// Writes this text instead of the configuration: for documents that are wrong on purpose.
    Bundle& raw(std::string text);

    /// Files and directories below the bundle ("rootfs/etc/passwd").
    Bundle& file(const std::string& path, std::string_view content, unsigned mode = 0644);
    Bundle& directory(const std::string& path, unsigned mode = 0755);
    /// Gives a file below the bundle to another user.
    Bundle& owner(const std::string& path, unsigned uid, unsigned gid);
    /// Copies the probe to a path below the bundle.
    Bundle& probe_at(const std::string& path, unsigned mode = 0755);

    /// Writes config.json; the text is returned for the report.
    std::string write() const;

    [[nodiscard]] const std::string& path() const { return directory_; }
    [[nodiscard]] std::string path(const std::string& below) const { return directory_ + "/" + below; }
    [[nodiscard]] const Json& config() const { return config_; }
    /// The name of the container's cgroup, without a leading slash.
    [[nodiscard]] const std::string& cgroup() const { return cgroup_; }

private:
    std::string directory_;
    std::string probe_;
    std::string cgroup_;
    Json config_;
    std::string raw_;
};

/// Copies a file with its content only.
void copy_file(const std::string& from, const std::string& to, unsigned mode);
/// Writes a file, replacing what is there. False: errno says why.
bool write_file(const std::string& path, std::string_view content, unsigned mode = 0644);
/// The content of a file; empty when it cannot be read.
std::string read_text(const std::string& path);

}  // namespace conformance
