#include "imagetool/bundle/repack_bundle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/bundle/bundle_directory.hpp"
#include "imagetool/bundle/bundle_record.hpp"
#include "imagetool/bundle/compare_content.hpp"
#include "imagetool/bundle/compare_tree.hpp"
#include "imagetool/bundle/tree_records.hpp"
#include "imagetool/bundle/write_changes.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/save_image.hpp"

namespace ocimg {

using oci::BorrowedFd;
using oci::ErrorCode;
using oci::failure;
using oci::Fd;
using oci::quote;
using oci::Result;

namespace {

constexpr const char* new_records_name = "ocimg.records.new";

using LeavesOut = std::function<bool(const std::string& path)>;

/// Whether a path is one of those that do not count, or stands below one.
LeavesOut masks_of(const FoundImage& image, const RepackOptions& options) {
    std::vector<std::string> masked;
    const auto add = [&](const std::string& path) {
        const std::string clean = oci::clean_path("/" + path).substr(1);
        if (!clean.empty()) masked.push_back(clean);
    };
    for (const std::string& path : options.masked) add(path);
    if (options.mask_volumes && image.config.config.has_value())
        for (const auto& [path, empty] : image.config.config->volumes) add(path);
    if (masked.empty()) return {};
    return [masked](const std::string& path) {
        return std::any_of(masked.begin(), masked.end(), [&](const std::string& mask) {
            return path.starts_with(mask) && (path.size() == mask.size() || path[mask.size()] == '/');
        });
    };
}

/// A layer that is written, but has no name in the layout yet.
struct NewLayer {
    BlobWriter blob;
    WrittenLayer written;
    std::size_t entries = 0;
};

/// Counts entries on their way into a layer, and stops with none written when there are none.
WriteOptions write_options(const RepackOptions& options) {
    WriteOptions write;
    write.compression = options.compression;
    write.clamp_mtime = options.clamp_mtime;
    return write;
}

class Repack {
public:
    Repack(const Layout& layout, const BundleDirectory& bundle, const RepackOptions& options,
           Progress& progress)
        : layout_(layout), bundle_(bundle), options_(options), progress_(progress) {}

    Result<Repacked> run() {
        record_ = TRY(read_bundle_record(bundle_.fd(), bundle_.path()));
        auto image = read_image(layout_, record_.manifest);
        if (!image) {
            return image.error().in("the image that " + quote(bundle_.path()) + " was unpacked from");
        }
        image_ = std::move(*image);
        leaves_out_ = masks_of(image_, options_);
        NewLayer layer = record_.kind() == RootKind::overlay ? TRY(write_upper()) : TRY(write_tree_changes());
        Repacked repacked = TRY(save(layer));
        if (options_.refresh_bundle) TRY(refresh(repacked));
        return repacked;
    }

private:
    Result<NewLayer> write_upper() {
        if (options_.refresh_bundle) {
            return failure(ErrorCode::unsupported,
                           "--refresh-bundle is not for overlay bundles: unpack the new tag with --overlay, "
                           "which takes no space and milliseconds");
        }
        const Fd upper = TRY(oci::open_at(bundle_.fd(), "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        NewLayer layer{.blob = TRY(layout_.write_blob())};
        ProgressItem item = progress_.start("changed files", 0);
        WriteOptions write = write_options(options_);
        write.scan.overlay_upper = true;
        write.scan.leaves_out = leaves_out_;
        LayerWriter writer(write, layer.blob);
        TRY(scan_tree(upper, write.scan, [&](Entry& entry, BorrowedFd content) -> Result<void> {
            ++layer.entries;
            item.add(entry.size);
            return writer.add(std::move(entry), content);
        }));
        layer.written = TRY(writer.finish());
        item.finish();
        return layer;
    }

    Result<NewLayer> write_tree_changes() {
        const Fd root = TRY(oci::open_at(bundle_.fd(), "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
        records_ = TRY(read_tree_records(bundle_.fd(), tree_records_name).in(quote(bundle_.path())));
        // The clock of the file system before the first look: what changes later is seen the next time.
        if (options_.refresh_bundle) TRY(start_new_records(root));
        TreeChanges changes = TRY(find_changes(root));
        const std::vector<ChangedPath> paths = in_layer_order(changes);
        NewLayer layer{.blob = TRY(layout_.write_blob()), .entries = paths.size()};
        ProgressItem item = progress_.start("changed files", 0);
        LayerWriter writer(write_options(options_), layer.blob);
        const std::optional<Owners> owners = owners_of_files(record_.owners);
        TRY(write_changes(root, paths, writer, owners.has_value() ? &*owners : nullptr,
                          [&](const std::string& path, const TreeRecord& record) {
                              item.add(record.size);
                              if (options_.refresh_bundle) written_[path] = record;
                          }));
        layer.written = TRY(writer.finish());
        item.finish();
        removed_ = std::move(changes.removed);
        return layer;
    }

    Result<TreeChanges> find_changes(BorrowedFd root) {
        TreeChanges changes = TRY(
            compare_tree(root, records_, {.leaves_out = leaves_out_, .doubt_everything = options_.verify}));
        if (changes.doubtful.empty()) return changes;
        const auto different =
            TRY(files_with_other_content(layout_, image_, root, records_, changes.doubtful));
        changes.changed.insert(changes.changed.end(), different.begin(), different.end());
        return changes;
    }

    Result<Repacked> save(NewLayer& layer) {
        const LayoutLock lock = TRY(layout_.lock());
        Image image{image_.manifest, image_.config};
        // Nobody may have tidied up the old layers meanwhile.
        for (const auto& old : image.manifest.layers) TRY(layout_.open_blob(old));
        Repacked repacked{.entries = layer.entries};
        if (layer.entries > 0) {
            TRY(layer.blob.commit());
            oci::spec::Descriptor blob;
            blob.media_type = layer.written.media_type;
            blob.digest = layer.written.digest;
            blob.size = static_cast<std::int64_t>(layer.written.size);
            image = append_layer(std::move(image), blob, layer.written.diff_id, options_.created_by,
                                 options_.created);
            repacked.size = layer.written.size;
        }
        repacked.manifest =
            TRY(save_image(layout_, lock, options_.tag, image.manifest, image.config, ExistingTag::replace));
        return repacked;
    }

    Result<void> start_new_records(BorrowedFd root) {
        TRY(oci::remove_file(bundle_.fd(), new_records_name));
        recorder_ = TRY(TreeRecorder::open(bundle_.fd(), new_records_name, root));
        finished_ = TRY(recorder_->now());
        return {};
    }

    /// The records of the new image: the old ones, with what the new layer holds.
    Result<void> refresh(const Repacked& repacked) {
        record_.manifest = repacked.manifest;
        record_.tag = options_.tag;
        record_.layout = TRY(oci::absolute_path(layout_.path()));
        for (const std::string& path : removed_) {
            records_.files.erase(path);
            std::erase_if(records_.files,
                          [&](const auto& file) { return file.first.starts_with(path + "/"); });
        }
        for (auto& [path, record] : written_) {
            record.layer = static_cast<std::uint32_t>(image_.manifest.layers.size());
            records_.files.insert_or_assign(path, record);
        }
        for (const auto& [path, record] : records_.files) TRY(recorder_->add(path, record));
        TRY(recorder_->finish(finished_));
        if (::renameat(bundle_.fd().get(), new_records_name, bundle_.fd().get(), tree_records_name) != 0)
            return oci::last_system_failure("replace the records");
        return write_bundle_record(bundle_.fd(), record_);
    }

    const Layout& layout_;
    const BundleDirectory& bundle_;
    const RepackOptions& options_;
    Progress& progress_;
    BundleRecord record_;
    FoundImage image_;
    LeavesOut leaves_out_;
    TreeRecords records_;
    std::map<std::string, TreeRecord> written_;
    std::vector<std::string> removed_;
    std::unique_ptr<TreeRecorder> recorder_;
    Timestamp finished_;
};

}  // namespace

Result<void> enter_for_repack(const std::string& path) {
    const Fd directory = TRY(oci::open_file(path, O_RDONLY | O_DIRECTORY).in("bundle " + quote(path)));
    const BundleRecord record = TRY(read_bundle_record(directory, path));
    if (record.owners.are_plain()) return {};
    return enter_again(record.owners).in("repack " + quote(path));
}

Result<Repacked> repack_bundle(const Layout& layout, const std::string& path, const RepackOptions& options,
                               Progress& progress) {
    const BundleDirectory bundle = TRY(BundleDirectory::open(path, BundleMode::change));
    auto repacked = Repack(layout, bundle, options, progress).run();
    if (repacked) return repacked;
    static_cast<void>(oci::remove_file(bundle.fd(), new_records_name));
    return repacked.error().in("repack " + quote(path));
}

}  // namespace ocimg
