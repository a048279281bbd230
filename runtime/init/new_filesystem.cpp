#include "runtime/init/new_filesystem.hpp"

#include <linux/mount.h>
#include <sys/mount.h>

#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "runtime/kernel/mount_api.hpp"

namespace ocirun {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

/// The superblock's own flags have names here, not numbers.
constexpr std::pair<unsigned long, const char*> flag_names[] = {{MS_RDONLY, "ro"},
                                                                {MS_SYNCHRONOUS, "sync"},
                                                                {MS_DIRSYNC, "dirsync"},
                                                                {MS_MANDLOCK, "mand"},
                                                                {MS_LAZYTIME, "lazytime"}};

Result<void> set_options(BorrowedFd context, const PlannedMount& mount, const std::string& data) {
    if (!mount.source.empty()) TRY(kernel::set_option(context, "source", mount.source.c_str()));
    for (const auto& [flag, name] : flag_names) {
        if ((mount.options.superblock_flags & flag) != 0) TRY(kernel::set_option(context, name, nullptr));
    }
    for (const std::string& word : oci::split(data, ',')) {
        if (word.empty()) continue;
        const std::size_t equals = word.find('=');
        const bool flag = equals == std::string::npos;
        TRY(kernel::set_option(context, word.substr(0, equals),
                               flag ? nullptr : word.substr(equals + 1).c_str()));
    }
    return {};
}

}  // namespace

Result<Fd> make_filesystem(const InitRequest& request, std::size_t index, const PlannedMount& mount,
                           const std::string& data) {
    const Fd context = TRY(kernel::open_filesystem(mount.type));
    TRY(set_options(context, mount, data));
    Fd made = TRY(kernel::create_mount(context, mount.options.attributes_set));
    const auto idmap = request.idmap_namespaces.find(index);
    if (idmap == request.idmap_namespaces.end()) return made;
    TRY(kernel::change_attributes(made, {.set = MOUNT_ATTR_IDMAP,
                                         .user_namespace = static_cast<std::uint64_t>(idmap->second.get())})
            .in("idmap"));
    return made;
}

}  // namespace ocirun
