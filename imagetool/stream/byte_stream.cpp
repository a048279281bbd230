#include "imagetool/stream/byte_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"
#include "base/interruption.hpp"

namespace ocimg {

oci::Result<std::size_t> FileSource::read(std::span<std::byte> buffer) {
    for (;;) {
        TRY(oci::check_interruption());
        const ssize_t count = ::read(file_.get(), buffer.data(), buffer.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return oci::last_system_failure("read");
    }
}

oci::Result<void> FileSink::write(std::span<const std::byte> data) {
    return oci::write_all(file_, text_of(data));
}

MemorySource::MemorySource(std::string_view data) : rest_(bytes_of(data)) {}

oci::Result<std::size_t> MemorySource::read(std::span<std::byte> buffer) {
    const std::size_t count = std::min(buffer.size(), rest_.size());
    if (count > 0) std::memcpy(buffer.data(), rest_.data(), count);
    rest_ = rest_.subspan(count);
    return count;
}

oci::Result<void> MemorySink::write(std::span<const std::byte> data) {
    data_.append(text_of(data));
    return {};
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

std::string_view text_of(std::span<const std::byte> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

oci::Result<std::size_t> read_fully(ByteSource& source, std::span<std::byte> buffer) {
    std::size_t filled = 0;
    while (filled < buffer.size()) {
        const std::size_t count = TRY(source.read(buffer.subspan(filled)));
        if (count == 0) break;
        filled += count;
    }
    return filled;
}

}  // namespace ocimg
