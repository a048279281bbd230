#include "imagetool/remote/credentials.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/remote/credential_file.hpp"
#include "imagetool/remote/credential_helper.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::Result;

constexpr std::size_t file_limit = 1U << 20U;
/// What stands for the files in registries.conf's credential-helpers.
constexpr const char* files_among_helpers = "containers-auth.json";

std::string home() {
    const std::string value = environment_value("HOME");
    return value.empty() ? "/root" : value;
}

/// The content of a file; empty when there is none.
Result<std::string> read_if_there(const std::string& path) {
    auto text = oci::read_file(oci::current_directory, path, file_limit);
    if (!text && text.error().code == ErrorCode::not_found) return std::string();
    return text;
}

Result<std::optional<Credential>> look_up_in_helper(const std::string& helper, const std::string& server) {
    const std::string path = TRY(find_credential_helper(helper, environment_value("PATH")));
    return ask_credential_helper(path, server);
}

Result<std::optional<Credential>> look_up_in(const std::string& path, const std::string& registry,
                                             const std::string& repository) {
    const std::string text = TRY(read_if_there(path));
    const CredentialFile file = TRY(parse_credential_file(text, path));
    const auto keys = credential_keys(registry, repository);
    if (const auto helper = file.cred_helpers.find(registry); helper != file.cred_helpers.end()) {
        return look_up_in_helper(helper->second, registry).in(path);
    }
    if (auto found = TRY(find_credential(file, keys).in(path)); found.has_value()) return found;
    if (file.creds_store.empty()) return std::optional<Credential>();
    const std::string server = registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
    return look_up_in_helper(file.creds_store, server).in(path);
}

Result<std::optional<Credential>> look_up_in_files(const std::vector<std::string>& files,
                                                   const std::string& registry,
                                                   const std::string& repository) {
    for (const std::string& file : files) {
        auto found = TRY(look_up_in(file, registry, repository));
        if (found.has_value()) return found;
    }
    return std::optional<Credential>();
}

}  // namespace

std::string environment_value(const char* name) {
    const char* const value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return value == nullptr ? std::string() : std::string(value);
}

std::vector<std::string> credential_files(const std::string& chosen) {
    if (!chosen.empty()) return {chosen};
    if (std::string named = environment_value("REGISTRY_AUTH_FILE"); !named.empty()) return {named};
    std::string runtime = environment_value("XDG_RUNTIME_DIR");
    runtime = runtime.empty() ? "/run/containers/" + std::to_string(::getuid()) : runtime + "/containers";
    std::string config = environment_value("XDG_CONFIG_HOME");
    if (config.empty()) config = home() + "/.config";
    std::string docker = environment_value("DOCKER_CONFIG");
    if (docker.empty()) docker = home() + "/.docker";
    return {runtime + "/auth.json", config + "/containers/auth.json", docker + "/config.json"};
}

std::string writable_credential_file(const std::string& chosen) {
    return credential_files(chosen).front();
}

Result<Credential> look_up_credential(const CredentialPlaces& places, const std::string& registry,
                                      const std::string& repository) {
    const std::vector<std::string> files_only{files_among_helpers};
    for (const std::string& helper : places.helpers.empty() ? files_only : places.helpers) {
        auto found =
            TRY(helper == files_among_helpers ? look_up_in_files(places.files, registry, repository)
                                              : look_up_in_helper(helper, registry).in("credential-helpers"));
        if (found.has_value()) return std::move(*found);
    }
    return Credential{};
}

Result<void> store_credential(const std::string& file, const std::optional<std::string>& key,
                              const std::optional<Credential>& credential) {
    const std::size_t slash = file.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : file.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? file : file.substr(slash + 1);
    if (credential.has_value()) TRY(oci::make_directories(directory, 0700));
    const std::string text = TRY(read_if_there(file));
    const std::string changed = TRY(change_credential_file(text, file, key, credential));
    const oci::Fd opened = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY));
    return oci::replace_file(opened, name, changed, 0600, oci::Durability::synced).in(file);
}

}  // namespace ocimg
