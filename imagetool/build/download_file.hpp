#pragma once
// ADD of a URL: a file is downloaded into a work directory.

#include <string>

#include "base/result.hpp"
#include "imagetool/build/build_cache.hpp"

namespace ocimg::build {

/// Downloads over http or https (up to 10 redirects) into a new file of `work`, named as the URL's last
/// component, with mode 0600 and the time of Last-Modified, else 1970. `checksum` ("sha256:...", or empty)
/// must fit. Gives the file's name.
oci::Result<std::string> download_file(const std::string& url, const std::string& checksum,
                                       oci::BorrowedFd directory);

}  // namespace ocimg::build
