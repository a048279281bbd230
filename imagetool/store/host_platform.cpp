#include "imagetool/store/host_platform.hpp"

#include <sys/utsname.h>

namespace ocimg {

oci::spec::Platform host_platform() {
    struct utsname names {};
    oci::spec::Platform platform;
    platform.os = "linux";
    platform.architecture = ::uname(&names) == 0 ? names.machine : "unknown";
    return oci::spec::normalised(platform);
}

}  // namespace ocimg
