#include "imagetool/archive/temporary_file.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <string>

#include "base/file.hpp"

namespace ocimg {

std::string temporary_directory() {
    const char* const chosen = ::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return chosen == nullptr || *chosen == '\0' ? "/var/tmp" : chosen;
}

oci::Result<oci::Fd> open_temporary_file() {
    return oci::open_file(temporary_directory(), O_TMPFILE | O_RDWR, 0600).in("make a temporary file");
}

}  // namespace ocimg
