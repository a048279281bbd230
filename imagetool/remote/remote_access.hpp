#pragma once
// From the name of a repository to clients that can be asked: configuration, certificates, credentials and
// the scheme together.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "imagetool/remote/authenticator.hpp"
#include "imagetool/remote/http.hpp"
#include "imagetool/remote/registries_conf.hpp"
#include "imagetool/remote/registry_client.hpp"

namespace ocimg {

struct RemoteOptions {
    std::optional<bool> tls_verify;  // --tls-verify; without it the configuration decides
    std::string certificate_directory;
    std::string credential_file;
    std::string registries_conf;
    std::optional<Credential> credential;  // given on the command line
    bool no_credential = false;
    std::vector<std::string> trusted_hosts;
    std::chrono::seconds timeout{0};  // of the whole command; 0: none
    std::chrono::seconds stall_timeout{60};
    std::function<void(const std::string&)> warn;
    std::function<void(const std::string&)> trace;
};

/// Keeps connections, tokens and configuration for one command. From one thread.
class RemoteAccess {
public:
    explicit RemoteAccess(RemoteOptions options);

    /// registries.conf, read once.
    oci::Result<const RegistriesConf*> registries_conf();
    /// Who may have the repository, in the order to ask: mirrors, then the registry.
    oci::Result<std::vector<RegistryClient>> open_for_reading(const oci::spec::Reference& reference);
    oci::Result<RegistryClient> open_for_writing(const oci::spec::Reference& reference);
    /// A session for a registry as a whole, with these credentials: what login checks.
    oci::Result<std::shared_ptr<RegistrySession>> open_session(const std::string& registry,
                                                               const Credential& credential);

private:
    oci::Result<RegistryClient> open(const RegistryEndpoint& endpoint, bool writes);
    oci::Result<RegistryAddress> address_of(const std::string& registry, bool insecure);
    oci::Result<std::string> choose_scheme(const Url& origin, const TlsSettings& tls, bool may_be_plain);

    RemoteOptions options_;
    std::unique_ptr<HttpClient> client_;
    std::optional<RegistriesConf> conf_;
    std::map<std::string, std::shared_ptr<RegistrySession>> sessions_;
};

}  // namespace ocimg
