#pragma once
// The commands of ocimg: one file each, which holds the command's table and what it does.

#include <vector>

#include "base/command_line.hpp"
#include "base/result.hpp"

namespace ocimg {

/// A command's table, and what it does: the exit code, or the error that main prints.
struct CommandEntry {
    oci::cli::Command command;
    oci::Result<int> (*run)(const oci::cli::Values&) = nullptr;
};

CommandEntry append_entry();
CommandEntry attach_entry();
CommandEntry build_entry();
CommandEntry cache_entry();
CommandEntry cat_entry();
CommandEntry config_entry();
CommandEntry convert_entry();
CommandEntry copy_entry();
CommandEntry delete_entry();
CommandEntry diff_entry();
CommandEntry files_entry();
CommandEntry fsck_entry();
CommandEntry gc_entry();
CommandEntry generate_entry();
CommandEntry history_entry();
CommandEntry index_entry();
CommandEntry insert_entry();
CommandEntry inspect_entry();
CommandEntry lint_entry();
CommandEntry list_entry();
CommandEntry list_tags_entry();
CommandEntry login_entry();
CommandEntry logout_entry();
CommandEntry mount_entry();
CommandEntry new_entry();
CommandEntry pull_entry();
CommandEntry push_entry();
CommandEntry rebase_entry();
CommandEntry referrers_entry();
CommandEntry remove_entry();
CommandEntry repack_entry();
CommandEntry report_entry();
CommandEntry split_entry();
CommandEntry squash_entry();
CommandEntry sync_entry();
CommandEntry tag_entry();
CommandEntry tree_entry();
CommandEntry umount_entry();
CommandEntry unpack_entry();
CommandEntry validate_entry();

/// Every command, in the order in which help shows them.
const std::vector<CommandEntry>& command_entries();

}  // namespace ocimg
