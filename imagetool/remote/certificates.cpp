#include "imagetool/remote/certificates.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/remote/credentials.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr std::size_t certificate_limit = 4U << 20U;
constexpr std::array<const char*, 2> system_bundles = {"/etc/ssl/certs/ca-certificates.crt",
                                                       "/etc/pki/tls/certs/ca-bundle.crt"};

/// What libcurl would trust without us: named bundles replace it, so it is put in front of them.
std::string system_authorities() {
    std::string named = environment_value("SSL_CERT_FILE");
    if (!named.empty()) {
        auto text = oci::read_file(oci::current_directory, named, certificate_limit);
        return text ? *text : std::string();
    }
    for (const char* const bundle : system_bundles) {
        auto text = oci::read_file(oci::current_directory, bundle, certificate_limit);
        if (text) return *text;
    }
    return {};
}

Result<TlsSettings> read_directory(const std::string& path) {
    const std::string context = "certificates in " + quote(path);
    const oci::Fd directory = TRY(oci::open_file(path, O_RDONLY | O_DIRECTORY).in(context));
    std::vector<std::string> names = TRY(oci::list_directory(directory).in(context));
    std::sort(names.begin(), names.end());
    TlsSettings tls;
    for (const std::string& name : names) {
        if (name.ends_with(".crt")) {
            tls.authorities += TRY(oci::read_file(directory, name, certificate_limit).in(context)) + "\n";
        } else if (name.ends_with(".cert") && tls.client_certificate.empty()) {
            const std::string key = name.substr(0, name.size() - 4) + "key";
            if (!oci::exists_at(directory, key)) {
                return failure(ErrorCode::not_found, context + ": " + name + " has no " + key + " beside it");
            }
            tls.client_certificate = path + "/" + name;
            tls.client_key = path + "/" + key;
        } else if (name.ends_with(".key") &&
                   !oci::exists_at(directory, name.substr(0, name.size() - 3) + "cert")) {
            return failure(ErrorCode::not_found,
                           context + ": " + name + " has no certificate (.cert) beside it");
        }
    }
    if (!tls.authorities.empty()) tls.authorities.insert(0, system_authorities() + "\n");
    return tls;
}

}  // namespace

Result<TlsSettings> read_certificates(const std::string& registry, const std::string& chosen) {
    if (!chosen.empty()) return read_directory(chosen);
    std::string own = environment_value("XDG_CONFIG_HOME");
    if (own.empty()) own = environment_value("HOME") + "/.config";
    for (const std::string& base : {own + "/containers/certs.d", std::string("/etc/containers/certs.d"),
                                    std::string("/etc/docker/certs.d")}) {
        const std::string path = base + "/" + registry;
        if (::access(path.c_str(), F_OK) == 0) return read_directory(path);
    }
    return TlsSettings{};
}

}  // namespace ocimg
