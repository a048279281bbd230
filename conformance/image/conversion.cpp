// image-spec conversion.md: from the image's configuration to the runtime's.

#include "conformance/harness/layout.hpp"

using conformance::Case;
using conformance::Json;
using conformance::Layout;
using conformance::TarBuilder;
using conformance::Unpacked;

namespace {

/// An image that knows some users; its configuration's "config" is this.
Layout with(const Case& c, const char* config) {
    Layout layout(c);
    layout.layer(TarBuilder()
                     .directory("etc")
                     .file("etc/passwd",
                           "root:x:0:0::/root:/sbin/nologin\nuser:x:1000:1001::/home/user:/sbin/nologin\n")
                     .file("etc/group", "root:x:0:\nuser:x:1001:\nextra:x:55:user\nother:x:66:nobody\n"));
    layout.config.set("/config", Json::of(config));
    return layout;
}

Json process_of(Case& c, const char* config) {
    return Unpacked(c, with(c, config).write()).config()["process"];
}

}  // namespace

IMAGE_CASE("conversion/args") {
    const Json process = process_of(c, R"({"Entrypoint": ["/entry", "a b"], "Cmd": ["c", ""]})");
    c.equal("args", process["args"], R"(["/entry", "a b", "c", ""])");
}
IMAGE_CASE("conversion/cmd-only") {
    c.equal("args", process_of(c, R"({"Cmd": ["/program", "x"]})")["args"], R"(["/program", "x"])");
}
IMAGE_CASE("conversion/env") {
    const Json env =
        process_of(c, R"({"Cmd": ["/x"], "Env": ["PATH=/only/here", "HOME=/of/the/image", "E="]})")["env"];
    for (const char* variable : {"PATH=/only/here", "HOME=/of/the/image", "E="})
        c.holds("env", env, variable);
    int homes = 0;
    for (const Json& variable : env.items()) homes += variable.str().starts_with("HOME=") ? 1 : 0;
    c.equal("entries for HOME", std::to_string(homes), "1");
}
IMAGE_CASE("conversion/cwd") {
    c.equal("cwd", process_of(c, R"({"Cmd": ["/x"], "WorkingDir": "/work/dir"})")["cwd"].str(), "/work/dir");
}
IMAGE_CASE("conversion/user-numeric") {
    const Json user = process_of(c, R"({"Cmd": ["/x"], "User": "1234:5678"})")["user"];
    c.equal("uid", user["uid"], "1234");
    c.equal("gid", user["gid"], "5678");
    c.check(user["additionalGids"].size() == 0, "no groups are added", user.dump());
}
IMAGE_CASE("conversion/user-name") {
    const Json user = process_of(c, R"({"Cmd": ["/x"], "User": "user"})")["user"];
    c.equal("uid", user["uid"], "1000");
    c.equal("gid", user["gid"], "1001");
    c.holds("additionalGids", user["additionalGids"], "55");
    c.lacks("additionalGids", user["additionalGids"], "66");
}
IMAGE_CASE("conversion/group-name") {
    const Json user = process_of(c, R"({"Cmd": ["/x"], "User": "user:extra"})")["user"];
    c.equal("uid", user["uid"], "1000");
    c.equal("gid", user["gid"], "55");
    c.lacks("additionalGids", user["additionalGids"], "66");
}
IMAGE_CASE("conversion/user-unknown") {
    conformance::refuses(c, with(c, R"({"Cmd": ["/x"], "User": "nobody-knows"})").write(),
                         "a user the image lacks");
}
IMAGE_CASE("conversion/annotations") {
    Layout layout = with(c, R"({"Cmd": ["/x"], "StopSignal": "SIGUSR1"})");
    layout.config.set("/author", Json::text("A. Author <a@example.com>"));
    layout.config.set("/created", Json::text("2001-09-09T01:46:40Z"));
    const Json annotations = Unpacked(c, layout.write()).config()["annotations"];
    for (const auto& [name, value] :
         {std::pair("os", "linux"), std::pair("architecture", "amd64"),
          std::pair("author", "A. Author <a@example.com>"), std::pair("created", "2001-09-09T01:46:40Z"),
          std::pair("stopSignal", "SIGUSR1")})
        c.equal(name, annotations[std::string("org.opencontainers.image.") + name].str(), value);
}
IMAGE_CASE("conversion/annotation-variant") {
    Layout layout = with(c, R"({"Cmd": ["/x"]})");
    layout.config.set("/variant", Json::text("v2"));
    c.equal("variant",
            Unpacked(c, layout.write()).config()["annotations"]["org.opencontainers.image.variant"].str(),
            "v2");
}
IMAGE_CASE("conversion/annotation-os-version") {
    Layout layout = with(c, R"({"Cmd": ["/x"]})");
    layout.config.set("/os.version", Json::text("6.1"));
    layout.config.set("/os.features", Json::of(R"(["one", "two"])"));
    const Json annotations = Unpacked(c, layout.write()).config()["annotations"];
    c.equal("os.version", annotations["org.opencontainers.image.os.version"].str(), "6.1");
    const std::string features = annotations["org.opencontainers.image.os.features"].str();
    c.check(features.find("one") != std::string::npos && features.find("two") != std::string::npos,
            "os.features", features);
}
IMAGE_CASE("conversion/labels-win") {
    Layout layout =
        with(c, R"({"Cmd": ["/x"], "Labels": {"org.opencontainers.image.author": "of the label"}})");
    layout.config.set("/author", Json::text("of the field"));
    c.equal("author",
            Unpacked(c, layout.write()).config()["annotations"]["org.opencontainers.image.author"].str(),
            "of the label");
}
IMAGE_CASE("image-config/labels") {
    const Layout layout =
        with(c, R"({"Cmd": ["/x"], "Labels": {"com.example.a": "b c", "com.example.empty": ""}})").write();
    const Json annotations = Unpacked(c, layout).config()["annotations"];
    c.equal("a label", annotations["com.example.a"].str(), "b c");
    c.check(annotations["com.example.empty"].is_string(), "a label without content", annotations.dump());
}
IMAGE_CASE("conversion/exposed-ports") {
    const Layout layout = with(c, R"({"Cmd": ["/x"], "ExposedPorts": {"80/tcp": {}, "53/udp": {}}})").write();
    const std::string ports =
        Unpacked(c, layout).config()["annotations"]["org.opencontainers.image.exposedPorts"].str();
    c.check(ports.find("80/tcp") != std::string::npos && ports.find("53/udp") != std::string::npos,
            "exposedPorts", ports);
}
IMAGE_CASE("conversion/volumes") {
    const Layout layout = with(c, R"({"Cmd": ["/x"], "Volumes": {"/data/of/app": {}}})").write();
    bool mounted = false;
    const Unpacked image(c, layout);
    const Json& config = image.config();
    for (const Json& mount : config["mounts"].items())
        mounted = mounted || mount["destination"].str() == "/data/of/app";
    c.check(mounted, "the volume is a mount", image.config()["mounts"].dump());
}
IMAGE_CASE("conversion/manifest-annotations") {
    Layout layout = with(c, R"({"Cmd": ["/x"]})");
    layout.manifest.set("/annotations", Json::of(R"({"com.example.manifest": "x"})"));
    const Json annotations = Unpacked(c, layout.write()).config()["annotations"];
    c.check(annotations["com.example.manifest"].is_null(), "the manifest's annotation is not taken over",
            annotations.dump());
}
IMAGE_CASE("schema/converted-config") {
    const Unpacked image(c, with(c, R"({"Cmd": ["/x"], "User": "user", "Volumes": {"/data": {}}})").write());
    c.follows_schema("the runtime configuration", image.config().dump(),
                     "runtime-spec/schema/config-schema.json");
}
