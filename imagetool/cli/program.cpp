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
            "An image is named LAYOUT:TAG. The same input gives the same digests.",
        .manual_section = "1",
    };
    for (const CommandEntry& entry : command_entries()) table.commands.push_back(entry.command);
    return table;
}

}  // namespace

const std::vector<CommandEntry>& command_entries() {
    static const std::vector<CommandEntry> entries = {
        new_entry(),      //
        append_entry(),   //
        config_entry(),   //
        list_entry(),     //
        inspect_entry(),  //
        unpack_entry(),   //
        generate_entry(),
    };
    return entries;
}

const oci::cli::Program& program() {
    static const oci::cli::Program table = make_program();
    return table;
}

}  // namespace ocimg
