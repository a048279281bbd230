#pragma once
// Streams of bytes inside the image tool: sources that are pulled from, sinks that are pushed into.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

/// Something bytes are read from, once and in order.
class ByteSource {
public:
    ByteSource() = default;
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    /// Fills the front of `buffer` and says with how many bytes; 0 is the end (for a non-empty buffer).
    /// Fewer bytes than asked for is normal.
    virtual oci::Result<std::size_t> read(std::span<std::byte> buffer) = 0;
};

/// Something bytes are written to, in order.
class ByteSink {
public:
    ByteSink() = default;
    virtual ~ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;

    /// Takes all of `data`.
    virtual oci::Result<void> write(std::span<const std::byte> data) = 0;
};

/// Reads a file from its current position, and fails where the user gives up (base/interruption.hpp). The
/// descriptor stays the caller's.
class FileSource final : public ByteSource {
public:
    explicit FileSource(oci::BorrowedFd file) : file_(file) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;

private:
    oci::BorrowedFd file_;
};

/// A file that tells how much of it was read, on the thread that reads it.
class CountedFile final : public ByteSource {
public:
    /// `on_read` may be empty, and must outlive the source.
    CountedFile(oci::BorrowedFd file, const std::function<void(std::uint64_t)>& on_read)
        : file_(file), on_read_(on_read) {}
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override {
        const std::size_t count = TRY(file_.read(buffer));
        if (on_read_) on_read_(count);
        return count;
    }

private:
    FileSource file_;
    const std::function<void(std::uint64_t)>& on_read_;
};

/// Writes to a file at its current position. The descriptor stays the caller's.
class FileSink final : public ByteSink {
public:
    explicit FileSink(oci::BorrowedFd file) : file_(file) {}
    oci::Result<void> write(std::span<const std::byte> data) override;

private:
    oci::BorrowedFd file_;
};

/// Reads bytes that somebody else keeps in memory.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::span<const std::byte> data) : rest_(data) {}
    explicit MemorySource(std::string_view data);
    oci::Result<std::size_t> read(std::span<std::byte> buffer) override;

private:
    std::span<const std::byte> rest_;
};

/// Collects bytes in memory.
class MemorySink final : public ByteSink {
public:
    oci::Result<void> write(std::span<const std::byte> data) override;
    [[nodiscard]] const std::string& data() const { return data_; }

private:
    std::string data_;
};

/// The bytes of a text, and a text of bytes: no copy.
std::span<const std::byte> bytes_of(std::string_view text);
std::string_view text_of(std::span<const std::byte> data);

/// Reads until `buffer` is full or the source ends, and says how many bytes there were.
oci::Result<std::size_t> read_fully(ByteSource& source, std::span<std::byte> buffer);

}  // namespace ocimg
