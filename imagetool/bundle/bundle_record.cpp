#include "imagetool/bundle/bundle_record.hpp"

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/linux_fields.hpp"

namespace oci::spec {

namespace {

/// The manifest's descriptor with what a bundle needs of it.
struct ManifestName {
    std::string media_type;
    std::string digest;
    std::int64_t size = 0;
};

struct RecordText {
    ocimg::BundleRecord record;
    ManifestName manifest;
};

}  // namespace

template <>
struct FieldsOf<ManifestName> {
    static constexpr const char* section = "ocimg.json";
    static void list(auto& fields, auto& self) {
        fields.required("mediaType", self.media_type);
        fields.required("digest", self.digest);
        fields.required("size", self.size);
    }
};

template <>
struct FieldsOf<RecordText> {
    static constexpr const char* section = "ocimg.json";
    static void list(auto& fields, auto& self) {
        fields.required("version", self.record.version);
        fields.required("layout", self.record.layout);
        fields.optional("tag", self.record.tag);
        fields.required("manifest", self.manifest);
        fields.required("root", self.record.root);
        fields.optional("keepDirlinks", self.record.keep_dirlinks);
        fields.optional("rootless", self.record.owners.rootless);
        fields.optional("uidMappings", self.record.owners.maps.uids);
        fields.optional("gidMappings", self.record.owners.maps.gids);
        fields.optional("layerCache", self.record.layer_cache);
        fields.optional("attributes", self.record.attributes);
        fields.optional("chainIds", self.record.chain_ids);
    }
};

}  // namespace oci::spec

namespace ocimg {

namespace {

constexpr std::size_t record_limit = std::size_t{1} << 20U;

}  // namespace

oci::Result<BundleRecord> read_bundle_record(oci::BorrowedFd bundle, const std::string& path) {
    const std::string file = path + "/" + bundle_record_name;
    const auto text = oci::read_file(bundle, bundle_record_name, record_limit);
    if (!text.has_value()) {
        if (text.error().code != oci::ErrorCode::not_found) return text.error().in(file);
        return oci::failure(oci::ErrorCode::not_found,
                            oci::quote(path) + " was not unpacked by ocimg: it has no " + bundle_record_name);
    }
    auto read = TRY(oci::spec::read_json<oci::spec::RecordText>(*text, file));
    if (read.record.version != 1) {
        return oci::failure(
            oci::ErrorCode::unsupported,
            file + ": version: found " + std::to_string(read.record.version) + ", supported is 1");
    }
    if (read.record.root != "tree" && read.record.root != "overlay") {
        return oci::failure(oci::ErrorCode::invalid, file + ": root: found " + oci::quote(read.record.root) +
                                                         ", allowed are tree and overlay");
    }
    read.record.manifest.media_type = read.manifest.media_type;
    read.record.manifest.digest = read.manifest.digest;
    read.record.manifest.size = read.manifest.size;
    return std::move(read.record);
}

oci::Result<void> write_bundle_record(oci::BorrowedFd bundle, const BundleRecord& record) {
    const oci::spec::RecordText text{
        .record = record,
        .manifest = {record.manifest.media_type, record.manifest.digest, record.manifest.size}};
    return oci::replace_file(bundle, bundle_record_name, oci::spec::write_json(text, "    ") + "\n", 0644,
                             oci::Durability::atomic_only);
}

}  // namespace ocimg
