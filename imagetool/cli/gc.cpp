#include "base/interruption.hpp"
#include "imagetool/bundle/cache_users.hpp"
#include "imagetool/bundle/overlay_root.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/collect_garbage.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

oci::Result<Layout> layout_argument(const oci::cli::Values& values) {
    if (values.arguments().empty()) return open_default_store(Access::change);
    return Layout::open(values.arguments().front());
}

oci::Result<void> print_garbage(const Garbage& garbage, const oci::cli::Values& values) {
    if (!values.has("json")) {
        std::string text;
        for (const std::string& name : garbage.removed) text += "Removed: " + printable(name) + "\n";
        return print(text + human_size(garbage.bytes) + " in " + files_of(garbage.removed.size()) + ", " +
                     std::to_string(garbage.kept) + " kept\n");
    }
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    out.key("removed");
    out.begin_array();
    for (const std::string& name : garbage.removed) out.string(name);
    out.end_array();
    json_number(out, "bytes", garbage.bytes);
    json_number(out, "kept", garbage.kept);
    out.end_object();
    return print(out.take() + "\n");
}

oci::Result<int> prune_layers(const oci::cli::Values& values) {
    const std::string path =
        values.has("layer-cache") ? values.get("layer-cache") : TRY(default_layer_cache());
    PrunedCache total;
    for (const bool dirlinks : {false, true}) {
        const LayerCache cache = TRY(
            LayerCache::open(path, {.attributes = usable_overlay_attributes(), .keep_dirlinks = dirlinks}));
        const PrunedCache pruned = TRY(prune_layer_cache(cache));
        total.removed += pruned.removed;
        total.kept += pruned.kept;
    }
    if (!values.has("json")) {
        TRY(print(std::to_string(total.removed) + " unpacked layers removed, " + std::to_string(total.kept) +
                  " kept\n"));
        return 0;
    }
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_number(out, "removedLayers", total.removed);
    json_number(out, "keptLayers", total.kept);
    out.end_object();
    TRY(print(out.take() + "\n"));
    return 0;
}

oci::Result<int> run_gc(const oci::cli::Values& values) {
    oci::catch_interruptions();
    if (values.has("layers")) return prune_layers(values);
    const Layout layout = TRY(layout_argument(values));
    TRY(print_garbage(TRY(collect_garbage(layout, values.has("dry-run"))), values));
    return 0;
}

oci::cli::Command gc_command() {
    return {
        .name = "gc",
        .summary = "remove what no tag of a layout needs",
        .arguments = "[LAYOUT]",
        .description =
            "Removes the blobs of LAYOUT (the default store when none is given) that no tag leads to, and "
            "what "
            "killed writers left. Waits until no ocimg writes into the layout. With --layers it removes "
            "unpacked layers that no overlay bundle uses, from the cache that they share.",
        .options = {switch_option("dry-run", "only say what would be removed"),
                    switch_option("layers", "tidy up the layer cache, not a layout"), layer_cache_option(),
                    switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg gc layout", "ocimg gc --layers"},
    };
}

}  // namespace

CommandEntry gc_entry() {
    return {gc_command(), run_gc};
}

}  // namespace ocimg
