#include "imagetool/cli/program.hpp"

#include "imagetool/cli/commands.hpp"

namespace ocimg {

namespace {

oci::cli::Program make_program() {
    oci::cli::Program table{
        .name = "ocimg",
        .summary = "make, change, inspect and unpack OCI images without a daemon",
        .description =
            "ocimg works on OCI image layouts: directories with index.json, oci-layout and blobs. "
            "The default store is one of them ($OCIMG_STORE, /var/lib/ocimg, ~/.local/share/ocimg).\n\n"
            "IMAGE is NAME[:TAG][@DIGEST] in the default store (debian:12 is docker.io/library/debian:12), "
            "LAYOUT:TAG where LAYOUT is a layout's directory or a path that begins with / or ./, "
            "oci:DIRECTORY:TAG, oci-archive:FILE:TAG, docker-archive:FILE:NAME:TAG, or "
            "docker://REGISTRY/NAME:TAG. With --image a bare NAME:TAG is a LAYOUT:TAG. "
            "The same input gives the same digests.",
        .manual_section = "1",
    };
    for (const CommandEntry& entry : command_entries()) table.commands.push_back(entry.command);
    return table;
}

}  // namespace

const std::vector<CommandEntry>& command_entries() {
    static const std::vector<CommandEntry> entries = {
        build_entry(),      //
        cache_entry(),      //
        new_entry(),        //
        append_entry(),     //
        config_entry(),     //
        insert_entry(),     //
        squash_entry(),     //
        split_entry(),      //
        rebase_entry(),     //
        index_entry(),      //
        attach_entry(),     //
        list_entry(),       //
        inspect_entry(),    //
        history_entry(),    //
        tree_entry(),       //
        files_entry(),      //
        cat_entry(),        //
        diff_entry(),       //
        report_entry(),     //
        tag_entry(),        //
        remove_entry(),     //
        referrers_entry(),  //
        unpack_entry(),     //
        repack_entry(),     //
        mount_entry(),      //
        umount_entry(),     //
        gc_entry(),         //
        validate_entry(),   //
        fsck_entry(),       //
        lint_entry(),       //
        convert_entry(),    //
        pull_entry(),       //
        push_entry(),       //
        copy_entry(),       //
        sync_entry(),       //
        list_tags_entry(),  //
        delete_entry(),     //
        login_entry(),      //
        logout_entry(),     //
        generate_entry(),   //
    };
    return entries;
}

const oci::cli::Program& program() {
    static const oci::cli::Program table = make_program();
    return table;
}

}  // namespace ocimg
