#include "imagetool/layer/write_layer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/text.hpp"
#include "imagetool/layer/layer_sink.hpp"
#include "imagetool/layer/scan_tree.hpp"
#include "imagetool/layer/whiteout.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"
#include "imagetool/tar/writer.hpp"

namespace ocimg {
namespace {

/// Passes a source on and copies what passes into a sink.
class CopyingSource final : public ByteSource {
public:
    CopyingSource(ByteSource& source, ByteSink& copy) : source_(source), copy_(copy) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        const std::size_t count = TRY(source_.read(buffer));
        TRY(copy_.write(buffer.first(count)));
        return count;
    }

private:
    ByteSource& source_;
    ByteSink& copy_;
};

Timestamp clamped(const Timestamp& time, const std::optional<std::int64_t>& latest) {
    if (!latest.has_value() || time.seconds < *latest) return time;
    return {*latest, 0};
}

/// Exactly as many bytes as the header promised; a file that grew meanwhile is cut there.
oci::Result<void> write_content(oci::BorrowedFd file, std::uint64_t size, std::span<std::byte> buffer,
                                TarWriter& writer) {
    while (size > 0) {
        const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer.size()));
        const ssize_t count = ::read(file.get(), buffer.data(), most);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return oci::last_system_failure("read");
        if (count == 0) return oci::failure("the file shrank while it was read");
        TRY(writer.write_data(buffer.first(static_cast<std::size_t>(count))));
        size -= static_cast<std::uint64_t>(count);
    }
    return {};
}

}  // namespace

struct LayerWriter::State {
    State(const WriteOptions& options, ByteSink& blob)
        : clamp(options.clamp_mtime),
          sink(options.compression, blob, options.on_write),
          tar(sink),
          buffer(256U << 10U) {}

    std::optional<std::int64_t> clamp;
    LayerSink sink;
    TarWriter tar;
    std::vector<std::byte> buffer;
};

LayerWriter::LayerWriter(const WriteOptions& options, ByteSink& blob)
    : state_(std::make_unique<State>(options, blob)) {}

LayerWriter::~LayerWriter() = default;

oci::Result<void> LayerWriter::add(Entry entry, oci::BorrowedFd content) {
    entry.mtime = clamped(entry.mtime, state_->clamp);
    TRY(state_->tar.add(entry));
    return write_content(content, entry.size, state_->buffer, state_->tar).in(oci::quote(entry.name));
}

oci::Result<WrittenLayer> LayerWriter::finish() {
    TRY(state_->tar.finish());
    return state_->sink.finish();
}

namespace {

/// The directories that lead to the prefix, then the prefix itself with the attributes of the tree's top.
oci::Result<void> write_prefix(oci::BorrowedFd directory, const WriteOptions& options,
                               const EntryPath& prefix, LayerWriter& writer) {
    std::string path;
    if (!prefix.parent.empty()) {
        for (const std::string& component : oci::split(prefix.parent, '/')) {
            path += component + "/";
            Entry entry;
            entry.name = path;
            entry.kind = EntryKind::directory;
            entry.mode = 0755;
            entry.mtime = {options.clamp_mtime.value_or(0), 0};
            TRY(writer.add(std::move(entry)));
        }
    }
    return writer.add(TRY(describe_directory(directory, prefix.full() + "/")));
}

}  // namespace

oci::Result<WrittenLayer> write_directory_layer(oci::BorrowedFd directory, const WriteOptions& options,
                                                ByteSink& blob) {
    const EntryPath prefix = TRY(entry_path(options.prefix.empty() ? "/" : options.prefix).in("prefix"));
    LayerWriter writer(options, blob);
    if (!prefix.is_root()) TRY(write_prefix(directory, options, prefix, writer));
    const std::string start = prefix.is_root() ? "" : prefix.full() + "/";
    TRY(scan_tree(directory, options.scan, [&](Entry& entry, oci::BorrowedFd content) -> oci::Result<void> {
        entry.name = start + entry.name;
        if (entry.kind == EntryKind::hard_link) entry.link_target = start + entry.link_target;
        return writer.add(std::move(entry), content);
    }));
    return writer.finish();
}

oci::Result<WrittenLayer> write_tar_layer(ByteSource& tar, const WriteOptions& options, ByteSink& blob) {
    const std::unique_ptr<ByteSource> plain = TRY(open_by_magic(tar));
    LayerSink sink(options.compression, blob, options.on_write);
    CopyingSource copied(*plain, sink);
    BufferedSource blocks(copied);
    TarReader reader(blocks);
    Entry entry;
    while (TRY(reader.next(entry))) {
    }
    TRY(reader.drain());
    return sink.finish();
}

}  // namespace ocimg
