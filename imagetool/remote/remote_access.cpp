#include "imagetool/remote/remote_access.hpp"

#include <cerrno>

#include "base/text.hpp"
#include "imagetool/remote/certificates.hpp"
#include "imagetool/remote/credentials.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

HttpOptions http_options(const RemoteOptions& options) {
    HttpOptions http;
    http.stall_timeout = options.stall_timeout;
    http.connect_timeout = std::min(http.connect_timeout, options.stall_timeout);
    http.trace = options.trace;
    if (options.timeout.count() > 0) http.deadline = std::chrono::steady_clock::now() + options.timeout;
    return http;
}

/// The machine behind a registry's name.
std::string host_of(const std::string& registry) {
    return registry == "docker.io" ? "registry-1.docker.io" : registry;
}

}  // namespace

RemoteAccess::RemoteAccess(RemoteOptions options)
    : options_(std::move(options)), client_(std::make_unique<HttpClient>(http_options(options_))) {
    for (const std::string& host : oci::split(environment_value("OCIMG_TRUSTED_HOSTS"), ',')) {
        if (!host.empty()) options_.trusted_hosts.push_back(host);
    }
}

Result<const RegistriesConf*> RemoteAccess::registries_conf() {
    if (!conf_.has_value()) conf_ = TRY(read_registries_conf(options_.registries_conf));
    return &*conf_;
}

Result<std::string> RemoteAccess::choose_scheme(const Url& origin, const TlsSettings& tls,
                                                bool may_be_plain) {
    if (!may_be_plain) return std::string("https");
    // Only a registry that the user calls insecure, or one on this machine, may turn out to speak plain HTTP.
    HttpRequest probe;
    probe.url = origin;
    probe.url.target = "/v2/";
    const auto answer = client_->perform(probe, tls);
    const bool speaks_no_tls = !answer && answer.error().system_errno == EPROTO;
    return std::string(speaks_no_tls ? "http" : "https");
}

Result<RegistryAddress> RemoteAccess::address_of(const std::string& registry, bool insecure) {
    RegistryAddress address;
    address.origin = TRY(parse_url("https://" + host_of(registry)).in("registry " + oci::quote(registry)));
    address.tls = TRY(read_certificates(registry, options_.certificate_directory));
    address.tls.verify = options_.tls_verify.value_or(!insecure);
    address.trusted_hosts = options_.trusted_hosts;
    const bool may_be_plain =
        !address.tls.verify || (!options_.tls_verify.has_value() && is_loopback_host(address.origin.host));
    const std::string scheme = TRY(choose_scheme(address.origin, address.tls, may_be_plain));
    if (scheme == "http") address.origin = TRY(parse_url("http://" + host_of(registry)));
    return address;
}

Result<RegistryClient> RemoteAccess::open(const RegistryEndpoint& endpoint, bool writes) {
    Credential credential = options_.credential.value_or(Credential{});
    // What the user gives on the command line is for the registry that was named, not for its mirrors.
    if (endpoint.is_mirror) credential = {};
    const bool looks_up = !options_.no_credential && (endpoint.is_mirror || !options_.credential.has_value());
    if (looks_up) {
        const CredentialPlaces places{.files = credential_files(options_.credential_file),
                                      .helpers = TRY(registries_conf())->credential_helpers};
        credential = TRY(look_up_credential(places, endpoint.registry, endpoint.repository));
    }
    const std::string key = endpoint.registry + (endpoint.insecure ? " insecure " : " ") + credential.user +
                            ":" + credential.password + ":" + credential.identity_token;
    std::shared_ptr<RegistrySession>& session = sessions_[key];
    if (session == nullptr) {
        RegistryAddress address = TRY(address_of(endpoint.registry, endpoint.insecure));
        for (const std::string& host : credential.trusted_hosts) address.trusted_hosts.push_back(host);
        session = std::make_shared<RegistrySession>(*client_, std::move(address), credential, options_.warn);
    }
    return RegistryClient(session, endpoint.repository, writes);
}

Result<std::vector<RegistryClient>> RemoteAccess::open_for_reading(const oci::spec::Reference& reference) {
    const RegistriesConf& conf = *TRY(registries_conf());
    std::vector<RegistryClient> clients;
    for (const RegistryEndpoint& endpoint : TRY(plan_endpoints(conf, reference, false))) {
        clients.push_back(TRY(open(endpoint, false)));
    }
    return clients;
}

Result<RegistryClient> RemoteAccess::open_for_writing(const oci::spec::Reference& reference) {
    const RegistriesConf& conf = *TRY(registries_conf());
    return open(TRY(plan_endpoints(conf, reference, true)).back(), true);
}

Result<std::shared_ptr<RegistrySession>> RemoteAccess::open_session(const std::string& registry,
                                                                    const Credential& credential) {
    const RegistriesConf& conf = *TRY(registries_conf());
    const oci::spec::Reference any{.registry = registry, .repository = "any", .tag = {}, .digest = {}};
    const RegistryEndpoint endpoint = TRY(plan_endpoints(conf, any, true)).back();
    return std::make_shared<RegistrySession>(*client_, TRY(address_of(endpoint.registry, endpoint.insecure)),
                                             credential, options_.warn);
}

}  // namespace ocimg
