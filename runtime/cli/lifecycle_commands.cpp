#include <regex.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/container/container.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/names.hpp"

// start, state, kill, delete, pause, resume, list: commands on containers that exist.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;

namespace {

Result<int> parse_signal(const std::string& text) {
    const auto number = oci::spec::signal_number(text);
    if (number) return *number;
    return failure(ErrorCode::invalid,
                   "unknown signal " + oci::quote(text) +
                       ": expected a number from 1 to 64 or a name such as TERM or SIGKILL");
}

/// One row of `list`: a container and how it is.
struct Listed {
    RecordedState record;
    Status status = Status::stopped;
};

/// Containers that vanish or cannot be read while the list is made are left out, with a warning.
Result<std::vector<Listed>> read_all_containers(CommandContext& context) {
    std::vector<Listed> listed;
    for (const std::string& id : TRY(list_containers(context.state_root))) {
        const auto container = Container::open(context.state_root, id, false);
        if (!container) {
            if (container.error().code != ErrorCode::not_found)
                context.warnings.push_back(container.error().text);
            continue;
        }
        const auto status = container->status();
        if (!status) {
            context.warnings.push_back(status.error().text);
            continue;
        }
        listed.push_back({container->record(), *status});
    }
    return listed;
}

std::string padded(const std::string& text, std::size_t width) {
    return text + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

std::string owner_name(std::uint32_t uid) {
    return uid == 0 ? "root" : "#" + std::to_string(uid);
}

std::string table_of(const std::vector<Listed>& listed) {
    std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
    for (const Listed& row : listed) {
        const pid_t pid = row.status == Status::stopped ? 0 : row.record.pid;
        rows.push_back({row.record.id, std::to_string(pid), std::string(status_word(row.status)),
                        row.record.bundle, row.record.created, owner_name(row.record.owner)});
    }
    std::vector<std::size_t> widths(rows.front().size(), 12);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + 3);
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) text += padded(row[i], widths[i]);
        text += row.back() + "\n";
    }
    return text;
}

/// An array of what `state` prints, the owner by name; "null" when there is none, as runc has it.
std::string json_of(const std::vector<Listed>& listed) {
    if (listed.empty()) return "null\n";
    oci::spec::JsonWriter out;
    out.begin_array();
    for (const Listed& row : listed) {
        out.raw(list_report(row.record, row.status, owner_name(row.record.owner)));
    }
    out.end_array();
    return out.take() + "\n";
}

/// --regex: the containers whose whole or partial id fits the POSIX extended expression, as crun has it.
Result<std::vector<std::string>> matching_containers(const CommandContext& context) {
    regex_t expression{};
    if (::regcomp(&expression, context.id().c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
        return failure(ErrorCode::invalid,
                       "--regex: " + oci::quote(context.id()) + " is not a regular expression");
    }
    std::vector<std::string> ids = TRY(list_containers(context.state_root));
    std::erase_if(
        ids, [&](const std::string& id) { return ::regexec(&expression, id.c_str(), 0, nullptr, 0) != 0; });
    ::regfree(&expression);
    return ids;
}

/// One of several containers: its failure is a warning, the others come next.
template <class T>
void keep_going(CommandContext& context, const Result<T>& done) {
    if (!done) context.warnings.push_back(done.error().text);
}

}  // namespace

Result<int> start_command(CommandContext& context) {
    const char* service_manager = std::getenv("NOTIFY_SOCKET");
    TRY(start_container(context.state_root, context.id(), service_manager != nullptr ? service_manager : ""));
    return 0;
}

Result<int> state_command(CommandContext& context) {
    const Container container = TRY(Container::open(context.state_root, context.id(), false));
    TRY(print(state_report(container.record(), TRY(container.status()))));
    return 0;
}

Result<int> kill_command(CommandContext& context) {
    const auto& arguments = context.values->arguments();
    const int signal = TRY(parse_signal(arguments.size() > 1 ? arguments[1] : "SIGTERM"));
    const bool all = context.values->has("all");
    if (context.values->has("regex")) {
        for (const std::string& id : TRY(matching_containers(context)))
            keep_going(context, kill_container(context.state_root, id, signal, all));
        return 0;
    }
    TRY(kill_container(context.state_root, context.id(), signal, all));
    return 0;
}

Result<int> delete_command(CommandContext& context) {
    const bool force = context.values->has("force");
    if (context.values->has("regex")) {
        for (const std::string& id : TRY(matching_containers(context)))
            keep_going(context, delete_container(context.state_root, id, force));
        return 0;
    }
    context.warnings = TRY(delete_container(context.state_root, context.id(), force));
    return 0;
}

Result<int> pause_command(CommandContext& context) {
    TRY(pause_container(context.state_root, context.id()));
    return 0;
}

Result<int> resume_command(CommandContext& context) {
    TRY(resume_container(context.state_root, context.id()));
    return 0;
}

Result<int> list_command(CommandContext& context) {
    const std::string format = context.values->get("format");
    if (format != "table" && format != "json") {
        return failure(ErrorCode::invalid,
                       "invalid format option: " + oci::quote(format) + ": allowed are table and json");
    }
    const std::vector<Listed> listed = TRY(read_all_containers(context));
    if (context.values->has("quiet")) {
        std::string ids;
        for (const Listed& row : listed) ids += row.record.id + "\n";
        TRY(print(ids));
    } else {
        TRY(print(format == "json" ? json_of(listed) : table_of(listed)));
    }
    return 0;
}

}  // namespace ocirun
