#include "imagetool/layer/spread_children.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>

namespace ocimg {

void spread_children(oci::BorrowedFd directory) {
    int flags = 0;
    if (::ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) != 0) return;
    flags |= FS_TOPDIR_FL;
    // Only a hint: without it everything is where it would be anyway.
    static_cast<void>(::ioctl(directory.get(), FS_IOC_SETFLAGS, &flags));
}

}  // namespace ocimg
