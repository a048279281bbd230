#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/file.hpp"
#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_image.hpp"
#include "imagetool/build/build_sandbox.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/build_options.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/lint.hpp"
#include "imagetool/store/host_platform.hpp"
#include "spec/image/image_json.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using build::BuiltImage;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<void> write_file(const std::string& path, const std::string& text) {
    const oci::Fd file = TRY(oci::open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    return oci::write_all(file, text);
}

void write_metadata(oci::spec::JsonWriter& json, const BuiltImage& built) {
    json.begin_object();
    json.key("containerimage.config.digest");
    json.string(built.config_digest);
    json.key("containerimage.digest");
    json.string(built.digest);
    json.key("image.name");
    json.string(oci::join(built.tags, ","));
    json.end_object();
}

/// --metadata-file: one object, or for several images a list of them.
std::string metadata_of(const std::vector<BuiltImage>& images) {
    oci::spec::JsonWriter json("  ");
    if (images.size() == 1) {
        write_metadata(json, images.front());
        return json.take() + "\n";
    }
    json.begin_array();
    for (const BuiltImage& built : images) write_metadata(json, built);
    json.end_array();
    return json.take() + "\n";
}

Result<void> report(const oci::cli::Values& values, std::vector<BuiltImage> images) {
    std::erase_if(images, [](const BuiltImage& built) { return built.digest.empty(); });
    if (images.empty()) return {};  // --output has it all
    std::string ids;
    for (const BuiltImage& built : images) ids += (ids.empty() ? "" : "\n") + built.config_digest;
    if (values.has("iidfile")) TRY(write_file(values.get("iidfile"), ids).in("--iidfile"));
    if (values.has("metadata-file"))
        TRY(write_file(values.get("metadata-file"), metadata_of(images)).in("--metadata-file"));
    if (values.has("quiet")) return print(ids + "\n");
    if (values.get("progress") == "json") return {};
    for (const BuiltImage& built : images) {
        for (const std::string& tag : built.tags) TRY(print(familiar_name(tag) + " " + built.digest + "\n"));
        if (built.tags.empty()) TRY(print(built.digest + "\n"));
    }
    return {};
}

Result<int> build(const oci::cli::Values& values, build::BuildRequest request) {
    const std::string kind = values.has("quiet") ? "quiet" : values.get("progress");
    const auto progress = build::open_build_progress(kind);
    if (progress == nullptr)
        return failure(ErrorCode::invalid,
                       "--progress " + quote(kind) + ": allowed are auto, plain, tty, json and quiet");
    TRY(report(values, TRY(build::build_images(std::move(request), *progress))));
    return 0;
}

/// --check, and --call check[,format=json] as Docker has it.
Result<bool> asks_for_check(const oci::cli::Values& values, bool& json) {
    json = values.get("progress") == "json";
    bool check = values.has("check");
    if (!values.has("call")) return check;
    for (const std::string& word : oci::split(values.get("call"), ',')) {
        if (word == "check") {
            check = true;
        } else if (word == "format=json" || word == "format=text") {
            json = word == "format=json";
        } else if (word != "build") {
            return failure(ErrorCode::invalid, "--call " + quote(values.get("call")) +
                                                   ": allowed are build, check and check,format=json");
        }
    }
    return check;
}

/// The checks, with what is in the store about base images; nothing is pulled.
Result<int> check(const build::BuildRequest& request, bool json) {
    LintInput input;
    input.context = request.context;
    input.file = request.file.empty() ? request.context + "/Dockerfile" : request.file;
    if (request.file.empty() && ::access(input.file.c_str(), F_OK) != 0 &&
        ::access((request.context + "/Containerfile").c_str(), F_OK) == 0)
        input.file = request.context + "/Containerfile";
    for (const auto& [name, value] : request.build_args) input.arguments.values[name] = value;
    input.arguments.build_platform = host_platform();
    input.arguments.target_platform = request.platforms.empty() ? host_platform() : request.platforms.front();
    input.arguments.target_stage = request.target;
    input.json = json;
    input.base_facts = [](const std::string& image, const oci::spec::Platform& platform) {
        std::optional<dockerfile::BaseFacts> facts;
        build::ImageResolver resolver({.pull = build::PullPolicy::never, .remote = {}, .platforms = {}}, {});
        const auto found = resolver.resolve(image, platform);
        if (!found) return facts;
        facts.emplace();
        if (found->config.config.has_value()) facts->env = found->config.config->env;
        facts->platform = oci::spec::platform_of(found->config);
        return facts;
    };
    return lint_dockerfile(input);
}

constexpr std::chrono::seconds time_to_tidy_up(10);

Result<int> run_build(const oci::cli::Values& values) {
    build::BuildRequest request = TRY(build_request(values));
    bool json = false;
    if (TRY(asks_for_check(values, json))) return check(request, json);
    request.run.rootless = TRY(build::become_root(warn));
    request.run.user_network = std::make_shared<build::UserNetwork>();
    oci::catch_interruptions(time_to_tidy_up);
    auto outcome = build::run_in_build_sandbox([&] {
        const Result<int> code = build(values, request);
        if (code) return *code;
        // Nobody can be told when even this fails; the exit code still says it.
        static_cast<void>(
            oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: " + code.error().text + "\n"));
        return 1;
    });
    // What an interrupted step leaves (directories, cgroups) is removed as the next build would do it.
    if (!outcome) static_cast<void>(build::BuildCache::open(request.cache_path).has_value());
    return outcome;
}

}  // namespace

CommandEntry build_entry() {
    return {build_command(), run_build};
}

}  // namespace ocimg
