#include "imagetool/bundle/tree_records.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstring>
#include <memory>

#include "base/file.hpp"
#include "imagetool/layer/xattrs.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::Fd;
using oci::Result;

namespace {

constexpr std::string_view magic = "ocimg records 1\n";
constexpr std::size_t flush_size = std::size_t{64} << 10U;
constexpr std::size_t file_limit = std::size_t{4} << 30U;

enum class Operation : std::uint8_t { made = 'M', linked = 'L', removed = 'R', finished = 'E' };

template <class Number>
void put(std::string& out, Number number) {
    out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& out, const std::string& text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

/// Takes numbers and texts from the front of a log.
class Cursor {
public:
    explicit Cursor(std::string_view rest) : rest_(rest) {}
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    template <class Number>
    Number take() {
        Number number{};
        if (rest_.size() < sizeof number) {
            fail();
            return number;
        }
        std::memcpy(&number, rest_.data(), sizeof number);
        rest_.remove_prefix(sizeof number);
        return number;
    }
    std::string take_text() {
        const auto size = take<std::uint32_t>();
        if (rest_.size() < size) {
            fail();
            return {};
        }
        std::string text(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return text;
    }

private:
    void fail() {
        failed_ = true;
        rest_ = {};
    }
    std::string_view rest_;
    bool failed_ = false;
};

void put_record(std::string& out, const TreeRecord& record) {
    put(out, static_cast<std::uint8_t>(record.kind));
    put(out, record.mode);
    put(out, record.uid);
    put(out, record.gid);
    put(out, record.size);
    put(out, record.mtime.seconds);
    put(out, record.mtime.nanoseconds);
    put(out, record.inode);
    put(out, record.device);
    put(out, record.xattrs);
    put(out, record.layer);
    put(out, record.number);
    put_text(out, record.link_target);
}

TreeRecord take_record(Cursor& in) {
    TreeRecord record;
    record.kind = static_cast<EntryKind>(in.take<std::uint8_t>());
    record.mode = in.take<std::uint32_t>();
    record.uid = in.take<std::uint32_t>();
    record.gid = in.take<std::uint32_t>();
    record.size = in.take<std::uint64_t>();
    record.mtime.seconds = in.take<std::int64_t>();
    record.mtime.nanoseconds = in.take<std::uint32_t>();
    record.inode = in.take<std::uint64_t>();
    record.device = in.take<std::uint64_t>();
    record.xattrs = in.take<std::uint64_t>();
    record.layer = in.take<std::uint32_t>();
    record.number = in.take<std::uint64_t>();
    record.link_target = in.take_text();
    return record;
}

void remove_below(std::map<std::string, TreeRecord>& files, const std::string& path) {
    const std::string start = path + "/";
    auto place = files.lower_bound(start);
    while (place != files.end() && place->first.starts_with(start)) place = files.erase(place);
}

/// Applies one operation; false when the log says what cannot be.
bool replay(Cursor& in, Operation operation, TreeRecords& records) {
    std::string path = in.take_text();
    if (operation == Operation::removed) {
        records.files.erase(path);
        remove_below(records.files, path);
        return true;
    }
    if (operation == Operation::linked) {
        const auto target = records.files.find(in.take_text());
        if (target == records.files.end()) return false;
        records.files.insert_or_assign(std::move(path), TreeRecord(target->second));
        return true;
    }
    if (operation != Operation::made) return false;
    records.files.insert_or_assign(std::move(path), take_record(in));
    return true;
}

}  // namespace

std::uint64_t xattr_fingerprint(const std::map<std::string, std::string>& xattrs) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    const auto add = [&](const std::string& text) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
        hash = (hash ^ text.size()) * 1099511628211U;
    };
    for (const auto& [name, value] : xattrs) {
        add(name);
        add(value);
    }
    return xattrs.empty() ? 0 : hash;
}

Result<std::unique_ptr<TreeRecorder>> TreeRecorder::open(BorrowedFd directory, const std::string& name,
                                                         BorrowedFd root) {
    Fd file = TRY(oci::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    std::unique_ptr<TreeRecorder> recorder(new TreeRecorder(std::move(file)));
    recorder->buffer_ = std::string(magic);
    const struct stat status = TRY(oci::status_of(root));
    TreeRecord top{.kind = EntryKind::directory,
                   .mode = status.st_mode & 07777U,
                   .uid = status.st_uid,
                   .gid = status.st_gid,
                   .inode = status.st_ino};
    TRY(recorder->add("", top));
    return recorder;
}

Result<void> TreeRecorder::made(const std::string& path, const Entry& entry, std::uint64_t number,
                                ino_t inode) {
    std::map<std::string, std::string> kept;
    for (const auto& [name, value] : entry.xattrs)
        if (layer_carries_xattr(name)) kept.emplace(name, value);
    return add(path, {.kind = entry.kind,
                      .mode = entry.mode,
                      .uid = entry.uid,
                      .gid = entry.gid,
                      .size = entry.size,
                      .mtime = entry.mtime,
                      .inode = inode,
                      .device = ::makedev(entry.device_major, entry.device_minor),
                      .xattrs = xattr_fingerprint(kept),
                      .layer = layer_,
                      .number = number,
                      .link_target = entry.link_target});
}

Result<void> TreeRecorder::add(const std::string& path, const TreeRecord& record) {
    put(buffer_, Operation::made);
    put_text(buffer_, path);
    put_record(buffer_, record);
    return buffer_.size() < flush_size ? Result<void>() : flush();
}

Result<void> TreeRecorder::linked(const std::string& path, const std::string& target, ino_t /*inode*/) {
    put(buffer_, Operation::linked);
    put_text(buffer_, path);
    put_text(buffer_, target);
    return buffer_.size() < flush_size ? Result<void>() : flush();
}

Result<void> TreeRecorder::removed(const std::string& path) {
    put(buffer_, Operation::removed);
    put_text(buffer_, path);
    return buffer_.size() < flush_size ? Result<void>() : flush();
}

Result<void> TreeRecorder::flush() {
    TRY(oci::write_all(file_, buffer_).in("write the records"));
    buffer_.clear();
    return {};
}

Result<Timestamp> TreeRecorder::now() {
    if (::fchmod(file_.get(), 0600) != 0) return oci::last_system_failure("chmod the records");
    const struct stat status = TRY(oci::status_of(file_));
    return Timestamp{status.st_ctim.tv_sec, static_cast<std::uint32_t>(status.st_ctim.tv_nsec)};
}

Result<void> TreeRecorder::finish() {
    return finish(TRY(now()));
}

Result<void> TreeRecorder::finish(const Timestamp& finished) {
    put(buffer_, Operation::finished);
    put(buffer_, finished.seconds);
    put(buffer_, finished.nanoseconds);
    return flush();
}

Result<TreeRecords> read_tree_records(BorrowedFd directory, const std::string& name) {
    const std::string text = TRY(oci::read_file(directory, name, file_limit));
    const oci::Error damaged =
        oci::failure(oci::ErrorCode::invalid, name + " is damaged: unpack the bundle again");
    if (!text.starts_with(magic)) return damaged;
    Cursor in(std::string_view(text).substr(magic.size()));
    TreeRecords records;
    for (;;) {
        const auto operation = static_cast<Operation>(in.take<std::uint8_t>());
        if (operation == Operation::finished) break;
        if (in.failed() || !replay(in, operation, records) || in.failed()) return damaged;
    }
    records.finished.seconds = in.take<std::int64_t>();
    records.finished.nanoseconds = in.take<std::uint32_t>();
    if (in.failed() || !in.at_end()) return damaged;
    return records;
}

}  // namespace ocimg
