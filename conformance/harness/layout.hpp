#pragma once
// An image layout made by hand, good or bad, and what a tool unpacked from it.

#include <map>
#include <string>
#include <vector>

#include "conformance/harness/case.hpp"
#include "conformance/harness/tar_builder.hpp"

namespace conformance {

class Layout {
public:
    /// An empty layout below the case's directory.
    explicit Layout(const Case& c, const std::string& name = "layout");

    /// Stores a blob and returns its descriptor.
    Json blob(std::string_view content, const std::string& media_type);
    /// Adds a layer; the diff id is that of the tar archive, whatever the blob is wrapped in.
    Layout& layer(const TarBuilder& tar,
                  const std::string& media_type = "application/vnd.oci.image.layer.v1.tar");
    /// The image's configuration and manifest; cases change them by pointers.
    Json config;
    Json manifest;
    Json index;
    /// Stores configuration, manifest and index. The image is tagged "latest".
    Layout& write();
    /// Stores a manifest and its configuration and returns the descriptor, without touching the index.
    Json store_image();
    /// Writes a file of the layout as it is given.
    Layout& raw(const std::string& path, const std::string& content);
    Layout& remove(const std::string& path);

    [[nodiscard]] const std::string& path() const { return path_; }
    /// The path of a descriptor's blob below the layout.
    static std::string blob_path(const Json& descriptor);
    /// The descriptor of the manifest that write() stored.
    [[nodiscard]] const Json& descriptor() const { return descriptor_; }

private:
    std::string path_;
    Json descriptor_;
};

/// A bundle that the tool under test unpacked.
class Unpacked {
public:
    /// Ends the case when the tool refuses.
    Unpacked(Case& c, const Layout& layout);

    /// "f644 0:0 content", "d755 0:0", "l target", "c640 1:3", "p644" or "-" for what is not there.
    [[nodiscard]] std::string entry(const std::string& path) const;
    [[nodiscard]] std::string root(const std::string& path) const { return bundle_ + "/rootfs/" + path; }
    /// The runtime configuration.
    [[nodiscard]] const Json& config() const { return config_; }

private:
    std::string bundle_;
    Json config_;
};

/// Unpacking this layout is an error that says something and is no crash.
void refuses(Case& c, const Layout& layout, const std::string& what);
/// Unpacks and returns the tool's own result.
CommandResult unpack(Case& c, const Layout& layout, const std::string& bundle);
/// Skips the case unless the profile has this command.
void needs(Case& c, const std::string& verb);
/// "sha256:..." of some bytes.
std::string digest_of(std::string_view data);

}  // namespace conformance
