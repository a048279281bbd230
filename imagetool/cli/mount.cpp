#include "imagetool/bundle/overlay_root.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

std::string as_json(const std::string& bundle, bool mounted, bool removed) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "bundle", bundle);
    out.key("mounted");
    out.boolean(mounted);
    out.key("removed");
    out.boolean(removed);
    out.end_object();
    return out.take() + "\n";
}

oci::Result<int> run_mount(const oci::cli::Values& values) {
    TRY(mount_bundle(values.arguments().front()));
    if (values.has("json")) TRY(print(as_json(values.arguments().front(), true, false)));
    return 0;
}

oci::Result<int> run_umount(const oci::cli::Values& values) {
    TRY(unmount_bundle(values.arguments().front(), values.has("remove")));
    if (values.has("json")) TRY(print(as_json(values.arguments().front(), false, values.has("remove"))));
    return 0;
}

oci::cli::Command mount_command() {
    return {
        .name = "mount",
        .summary = "mount the root of an overlay bundle again",
        .arguments = "BUNDLE",
        .description =
            "After a boot, or after 'ocimg umount': mounts rootfs of a bundle that 'ocimg unpack "
            "--overlay' made, with all that was changed in it. A root that is mounted is left alone.",
        .options = {switch_option("json", "print the bundle's state as JSON")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg mount bundle"},
    };
}

oci::cli::Command umount_command() {
    return {
        .name = "umount",
        .summary = "unmount the root of an overlay bundle",
        .arguments = "BUNDLE",
        .description =
            "Unmounts rootfs. What was changed stays in BUNDLE/upper, for 'ocimg mount' and 'ocimg "
            "repack'. A root in use is an error; a container that runs keeps its own view.",
        .options = {switch_option("remove", "delete the bundle too, with all that was changed in it"),
                    switch_option("json", "print the bundle's state as JSON")},
        .least_arguments = 1,
        .most_arguments = 1,
        .examples = {"ocimg umount bundle", "ocimg umount --remove bundle"},
    };
}

}  // namespace

CommandEntry mount_entry() {
    return {mount_command(), run_mount};
}

CommandEntry umount_entry() {
    return {umount_command(), run_umount};
}

}  // namespace ocimg
