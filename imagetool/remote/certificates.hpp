#pragma once
// Certificates of registries: DIRECTORY/HOST[:PORT]/*.crt, *.cert and *.key (containers-certs.d(5)).

#include <string>

#include "base/result.hpp"
#include "imagetool/remote/http.hpp"

namespace ocimg {

/// The settings for a registry from `chosen` itself (--cert-dir), else from HOST[:PORT] in the certs.d
/// directories of the user, of the containers tools and of Docker: the first that exists. None: the system's
/// authorities alone.
oci::Result<TlsSettings> read_certificates(const std::string& registry, const std::string& chosen);

}  // namespace ocimg
