#include "imagetool/store/check_layer.hpp"

#include <memory>
#include <unordered_set>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/stream/compression.hpp"
#include "imagetool/stream/hashing.hpp"
#include "imagetool/stream/pipeline.hpp"
#include "imagetool/tar/reader.hpp"

namespace ocimg {

using oci::quote;
using oci::Result;
using oci::spec::Finding;

namespace {

/// Findings of one layer beyond this number are only counted: an archive may have millions of entries.
constexpr std::size_t most_findings = 100;

class LayerCheck {
public:
    explicit LayerCheck(const std::function<void(std::uint64_t)>& on_read) : on_read_(on_read) {}

    std::vector<Finding> run(oci::BorrowedFd blob, const std::string& media_type,
                             const std::string& diff_id) {
        const auto read = read_all(blob, media_type, diff_id);
        if (!read.has_value())
            add("", read.error().text, "a tar archive", "layer.md \"Distributable Format\"");
        return std::move(findings_);
    }

private:
    void add(std::string path, std::string found, std::string allowed, std::string section) {
        if (findings_.size() >= most_findings) return;
        findings_.push_back({.path = std::move(path),
                             .found = std::move(found),
                             .allowed = std::move(allowed),
                             .section = std::move(section)});
    }

    Result<void> read_all(oci::BorrowedFd blob, const std::string& media_type, const std::string& diff_id) {
        const Compression declared = TRY(compression_of_media_type(media_type));
        CountedFile file(blob, on_read_);
        const std::unique_ptr<ByteSource> plain = open_decompressor(declared, file);
        const HashAlgorithm algorithm =
            diff_id.starts_with("sha512:") ? HashAlgorithm::sha512 : HashAlgorithm::sha256;
        HashingSource hashed(*plain, algorithm);
        {
            ReadAheadSource ahead(hashed);
            TarReader reader(ahead);
            Entry entry;
            while (TRY(reader.next(entry))) check_entry(entry);
            TRY(reader.drain());
        }
        const std::string found = hashed.finish();
        if (!diff_id.empty() && found != diff_id)
            add("diff_id", "has the diff id " + found, "the one in the image's config, " + diff_id,
                "config.md \"Layer DiffID\"");
        return {};
    }

    void check_entry(const Entry& entry) {
        const std::string path = oci::clean_path("/" + entry.name);
        const std::string what = "entry " + quote(entry.name);
        if (!paths_.insert(path).second)
            add("", what + " stands in the archive twice", "each path once",
                "layer.md \"Representing Changes\"");
        const std::string name = path.substr(path.rfind('/') + 1);
        if (!name.starts_with(".wh.")) return;
        if (name == ".wh." || name == ".wh.." || name == ".wh...")
            add("", what + " names no file", "a whiteout of a file's name", "layer.md \"Whiteouts\"");
        if (entry.kind != EntryKind::file || entry.size != 0)
            add("", what + " is no empty file", "whiteouts that are empty files", "layer.md \"Whiteouts\"");
    }

    const std::function<void(std::uint64_t)>& on_read_;
    std::vector<Finding> findings_;
    std::unordered_set<std::string> paths_;
};

}  // namespace

std::vector<Finding> check_layer(oci::BorrowedFd blob, const std::string& media_type,
                                 const std::string& diff_id,
                                 const std::function<void(std::uint64_t)>& on_read) {
    return LayerCheck(on_read).run(blob, media_type, diff_id);
}

}  // namespace ocimg
