#include "conformance/harness/layout.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>

#include "base/file.hpp"
#include "conformance/harness/sha256.hpp"

namespace conformance {
namespace {

constexpr const char* manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* config_type = "application/vnd.oci.image.config.v1+json";

std::string octal(mode_t mode) {
    char text[16];
    std::snprintf(text, sizeof text, "%o", mode & 07777);
    return text;
}

}  // namespace

std::string digest_of(std::string_view data) {
    return "sha256:" + sha256(data);
}

Layout::Layout(const Case& c, const std::string& name) : path_(c.path(name)) {
    for (const char* below : {"", "/blobs", "/blobs/sha256"}) ::mkdir((path_ + below).c_str(), 0755);
    config = Json::of(
        R"({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/probe"], "Env": ["PATH=/bin"]},
                          "rootfs": {"type": "layers", "diff_ids": []}, "history": []})");
    manifest = Json::of(R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                            "layers": []})");
    index = Json::of(
        R"({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []})");
    raw("oci-layout", R"({"imageLayoutVersion": "1.0.0"})");
}

Json Layout::blob(std::string_view content, const std::string& media_type) {
    const std::string digest = digest_of(content);
    raw("blobs/sha256/" + digest.substr(7), std::string(content));
    Json descriptor = Json::object();
    descriptor.put("mediaType", Json::text(media_type));
    descriptor.put("digest", Json::text(digest));
    descriptor.put("size", Json::number(static_cast<long long>(content.size())));
    return descriptor;
}

Layout& Layout::layer(const TarBuilder& tar, const std::string& media_type) {
    const std::string bytes = tar.bytes();
    const std::string wrapped = media_type.ends_with("+gzip")   ? as_gzip(bytes)
                                : media_type.ends_with("+zstd") ? as_zstd(bytes)
                                                                : bytes;
    manifest.set("/layers/-", blob(wrapped, media_type));
    config.set("/rootfs/diff_ids/-", Json::text(digest_of(bytes)));
    config.set("/history/-", Json::of(R"({"created_by": "conformance"})"));
    return *this;
}

Json Layout::store_image() {
    if (manifest["config"].is_null()) manifest.set("/config", blob(config.dump(), config_type));
    return blob(manifest.dump(), manifest_type);
}

Layout& Layout::write() {
    descriptor_ = store_image();
    Json entry = descriptor_;
    entry.set("/annotations/org.opencontainers.image.ref.name", Json::text("latest"));
    index.set("/manifests/-", std::move(entry));
    return raw("index.json", index.dump());
}

Layout& Layout::raw(const std::string& path, const std::string& content) {
    write_file(path_ + "/" + path, content);
    return *this;
}

Layout& Layout::remove(const std::string& path) {
    static_cast<void>(::remove((path_ + "/" + path).c_str()));
    return *this;
}

std::string Layout::blob_path(const Json& descriptor) {
    return "blobs/sha256/" + descriptor["digest"].str().substr(7);
}

CommandResult unpack(Case& c, const Layout& layout, const std::string& bundle) {
    needs(c, "unpack");
    c.record_config(read_text(layout.path() + "/index.json"));
    return c.call("unpack", {{"layout", layout.path()}, {"tag", "latest"}, {"bundle", bundle}});
}

void needs(Case& c, const std::string& verb) {
    if (!c.tool().can(verb)) c.skip("the tool's profile has no command to " + verb);
}

void refuses(Case& c, const Layout& layout, const std::string& what) {
    const CommandResult result = unpack(c, layout, c.path("refused"));
    c.check(result.code > 0 && result.code < 128, what + " is an error",
            "exit " + std::to_string(result.code));
    c.check(!result.err.text().empty() || !result.out.text().empty(), what + " is named in a message");
}

Unpacked::Unpacked(Case& c, const Layout& layout) : bundle_(c.path("unpacked")) {
    const CommandResult result = unpack(c, layout, bundle_);
    c.need(result.ok(), "unpack succeeds", "exit " + std::to_string(result.code) + ": " + result.err.text());
    config_ = Json::of(read_text(bundle_ + "/config.json"));
}

std::string Unpacked::entry(const std::string& path) const {
    struct stat status {};
    if (::lstat(root(path).c_str(), &status) != 0) return "-";
    const std::string numbers = std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
    const std::string mode = octal(status.st_mode);
    if (S_ISREG(status.st_mode)) return "f" + mode + " " + numbers + " " + read_text(root(path));
    if (S_ISDIR(status.st_mode)) return "d" + mode + " " + numbers;
    if (S_ISFIFO(status.st_mode)) return "p" + mode;
    const std::string device =
        std::to_string(major(status.st_rdev)) + ":" + std::to_string(minor(status.st_rdev));
    if (S_ISCHR(status.st_mode)) return "c" + mode + " " + device;
    if (S_ISBLK(status.st_mode)) return "b" + mode + " " + device;
    char target[4096];
    const ssize_t length = ::readlink(root(path).c_str(), target, sizeof target);
    return length < 0 ? "?" : "l " + std::string(target, static_cast<std::size_t>(length));
}

}  // namespace conformance
