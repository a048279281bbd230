#include "imagetool/build/unpack_archive.hpp"

#include <unistd.h>

#include <array>
#include <memory>

#include "base/text.hpp"
#include "imagetool/layer/entry_writer.hpp"
#include "imagetool/layer/layer_root.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/stream/foreign_archive.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/header.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg::build {

using oci::BorrowedFd;
using oci::Result;

Result<bool> is_archive(BorrowedFd file) {
    FileSource source(file);
    std::array<std::byte, tar_block_size> block{};
    auto plain = open_archive_by_magic(source);
    bool archive = false;
    if (plain) {
        const auto count = read_fully(**plain, block);
        archive = count && *count == block.size() && !is_zero_block(block) && parse_header(block).has_value();
    }
    if (::lseek(file.get(), 0, SEEK_SET) != 0) return oci::last_system_failure("seek");
    return archive;
}

Result<void> unpack_archive(BorrowedFd file, BorrowedFd directory, const std::optional<Owner>& owner) {
    FileSource source(file);
    const std::unique_ptr<ByteSource> plain = TRY(open_archive_by_magic(source));
    BufferedSource blocks(*plain);
    LayerRoot root = TRY(LayerRoot::open(directory));
    EntryWriter writer(root, true);
    TarReader reader(blocks);
    Entry entry;
    std::uint64_t number = 0;
    while (TRY(reader.next(entry))) {
        if (owner.has_value()) {
            entry.uid = owner->uid;
            entry.gid = owner->gid;
        }
        const std::string context = "entry " + oci::quote(entry.name);
        const EntryPath path = TRY(entry_path(entry.name).in(context));
        // The archive's own top says nothing about a directory that is there already.
        if (path.is_root()) continue;
        TRY(writer.write(entry, number++, path, reader).in(context));
    }
    return root.restore_directory_times();
}

}  // namespace ocimg::build
