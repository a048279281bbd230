#include "base/interruption.hpp"
#include "imagetool/bundle/repack_bundle.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/transfer/open_place.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

oci::Result<RepackOptions> repack_options(const oci::cli::Values& values, const ImagePlace& place) {
    RepackOptions options;
    options.tag = TRY(new_tag_argument(values, place));
    options.compression = TRY(compression_argument(values));
    options.clamp_mtime = TRY(source_date_epoch());
    options.masked = values.all("mask-path");
    options.mask_volumes = !values.has("no-mask-volumes");
    options.verify = values.has("verify");
    options.refresh_bundle = values.has("refresh-bundle");
    options.created_by = values.has("created-by") ? values.get("created-by") : "ocimg repack";
    options.created = TRY(creation_time(values));
    return options;
}

std::string as_json(const Repacked& repacked, const std::string& tag) {
    oci::spec::JsonWriter json("  ");
    json.begin_object();
    json.key("tag");
    json.string(tag);
    json.key("manifest");
    json.string(repacked.manifest.digest);
    json.key("entries");
    json.number(std::uint64_t{repacked.entries});
    json.key("layerSize");
    json.number(repacked.size);
    json.end_object();
    return json.take() + "\n";
}

oci::Result<int> run_repack(const oci::cli::Values& values) {
    oci::catch_interruptions();
    const ImageArguments arguments = TRY(image_arguments(values, 1));
    const RepackOptions options = TRY(repack_options(values, arguments.place));
    TRY(enter_for_repack(arguments.others.front()));
    const auto opened = TRY(open_image_place(arguments.place, Access::change));
    const auto progress = TRY(open_progress(values));
    const Repacked repacked = TRY(repack_bundle(opened.layout, arguments.others.front(), options, *progress));
    if (values.has("json")) {
        TRY(print(as_json(repacked, options.tag)));
    } else if (repacked.entries == 0) {
        progress->say("nothing has changed: " + options.tag + " names the same image");
    }
    return 0;
}

oci::cli::Command repack_command() {
    return {
        .name = "repack",
        .summary = "make an image of a bundle whose root was changed",
        .arguments = "[IMAGE] BUNDLE",
        .description =
            "Writes what was changed in BUNDLE/rootfs since 'ocimg unpack' as a layer on top of the image "
            "that "
            "was unpacked, and makes the tag name the new image. A file counts as unchanged when its inode, "
            "its size and its change time say so; --verify compares all contents with those of the image "
            "instead. Of an overlay bundle BUNDLE/upper is the layer. What is changed in the image's volumes "
            "is left out. Owners that an ordinary user could not give to files, and those of --uid-map and "
            "--gid-map, are the image's again in the layer.",
        .options = {image_option("where the new image goes; the layout must hold the one that was unpacked"),
                    value_option("tag", "TAG", "write the new image under this tag"), compression_option(),
                    list_option("mask-path", "PATH", "leave out changes of this path and below it"),
                    switch_option("no-mask-volumes", "do not leave out changes in the image's volumes"),
                    switch_option("verify", "compare contents, do not trust change times"),
                    switch_option("refresh-bundle",
                                  "afterwards the bundle counts as unpacked from the new image"),
                    value_option("created-by", "TEXT", "text for the image's history"), created_option(),
                    progress_option(), switch_option("json", "print a JSON object about the new image")},
        .least_arguments = 1,
        .most_arguments = 2,
        .examples = {"ocimg repack --image layout:changed bundle",
                     "ocimg repack --image layout:changed --mask-path /tmp --compression zstd bundle"},
    };
}

}  // namespace

CommandEntry repack_entry() {
    return {repack_command(), run_repack};
}

}  // namespace ocimg
