#include <fcntl.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/cli/amounts.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/container/update_container.hpp"
#include "runtime/plan/rdt_plan.hpp"
#include "spec/runtime/config_json.hpp"

// update and mounts: commands that change a running container.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Completes;
using oci::cli::Values;

namespace {

constexpr std::size_t document_limit = std::size_t{16} << 20U;

Result<std::string> read_document(const std::string& path) {
    if (path == "-") return oci::read_all(oci::BorrowedFd(0), document_limit).in("standard input");
    return oci::read_input_file(path, document_limit);
}

template <class T>
Result<void> read_number(const Values& values, const char* name, std::optional<T>& target) {
    const std::string text = values.get(name);
    if (text.empty()) return {};
    target = oci::parse_integer<T>(text);
    if (target) return {};
    return failure(ErrorCode::invalid,
                   "--" + std::string(name) + ": " + oci::quote(text) + ": expected a whole number");
}

Result<void> read_bytes(const Values& values, const char* name, std::optional<std::int64_t>& target) {
    const std::string text = values.get(name);
    if (text.empty()) return {};
    target = parse_bytes(text);
    if (target) return {};
    return failure(ErrorCode::invalid,
                   "--" + std::string(name) + ": " + oci::quote(text) +
                       ": expected bytes, with a unit (b, k, m, g) or without, or -1 for no limit");
}

Result<oci::spec::Update> update_from_options(const Values& values) {
    oci::spec::Update update;
    auto& memory = update.resources.memory.emplace();
    auto& cpu = update.resources.cpu.emplace();
    TRY(read_number(values, "blkio-weight", update.resources.block_io.emplace().weight));
    TRY(read_number(values, "cpu-period", cpu.period));
    TRY(read_number(values, "cpu-quota", cpu.quota));
    TRY(read_number(values, "cpu-burst", cpu.burst));
    TRY(read_number(values, "cpu-share", cpu.shares));
    TRY(read_number(values, "cpu-rt-period", cpu.realtime_period));
    TRY(read_number(values, "cpu-rt-runtime", cpu.realtime_runtime));
    TRY(read_number(values, "cpu-idle", cpu.idle));
    cpu.cpus = values.get("cpuset-cpus");
    cpu.mems = values.get("cpuset-mems");
    TRY(read_bytes(values, "memory", memory.limit));
    TRY(read_bytes(values, "memory-reservation", memory.reservation));
    TRY(read_bytes(values, "memory-swap", memory.swap));
    TRY(read_bytes(values, "kernel-memory", memory.kernel));
    TRY(read_bytes(values, "kernel-memory-tcp", memory.kernel_tcp));
    TRY(read_number(values, "pids-limit", update.resources.pids.emplace().limit));
    const std::string text = oci::spec::to_json(update.resources);
    TRY(oci::spec::parse_resources(text, "update"));  // the same rules as for a document
    return update;
}

Result<oci::spec::Update> read_update(const Values& values) {
    const std::string file = values.get("resources");
    if (file.empty()) return update_from_options(values);
    return oci::spec::parse_update(TRY(read_document(file).in("--resources")),
                                   file == "-" ? "standard input" : file);
}

}  // namespace

Result<int> update_command(CommandContext& context) {
    const Values& values = *context.values;
    const oci::spec::Update update = TRY(read_update(values));
    const auto schemata =
        TRY(plan_rdt_schemas(values.get("l3-cache-schema"), values.get("mem-bw-schema"), "update: "));
    context.warnings = TRY(update_container(context.state_root, context.id(), update, schemata));
    return 0;
}

Result<int> mounts_command(CommandContext& context) {
    const auto& arguments = context.values->arguments();
    const std::string& verb = arguments[0];
    if (verb != "add" && verb != "remove") {
        return failure(ErrorCode::invalid,
                       "unknown command " + oci::quote(verb) + " of mounts: allowed are add and remove");
    }
    const std::string& file = arguments[2];
    const auto mounts =
        TRY(oci::spec::parse_mounts(TRY(read_document(file)), file == "-" ? "standard input" : file));
    TRY(verb == "add" ? add_mounts(context.state_root, arguments[1], mounts)
                      : remove_mounts(context.state_root, arguments[1], mounts));
    return 0;
}

CommandEntry update_entry() {
    return {
        {.name = "update",
         .summary = "change the resources of a running container",
         .arguments = "CONTAINER-ID",
         .description =
             "Sets what is given and leaves the rest. With --resources the other options are ignored; the "
             "document is linux.resources of config.json. Its device rules come after the container's own. "
             "Beside them it may hold \"mounts\" and \"deviceNodes\", as config.json has mounts and "
             "linux.devices: they are made in the running container. When one part fails, what was set is "
             "set back.",
         .options = {value("resources", "FILE", "read linux.resources as JSON from FILE, - is standard input",
                           "r", Completes::files),
                     value("blkio-weight", "N", "weight of block I/O, 10 to 1000"),
                     value("cpu-period", "N", "period of the CPU quota in microseconds"),
                     value("cpu-quota", "N", "CPU time in each period in microseconds, -1 for no limit"),
                     value("cpu-burst", "N", "CPU time that may be saved up in microseconds"),
                     value("cpu-share", "N", "CPU shares relative to other containers"),
                     value("cpu-rt-period", "N", "realtime period in microseconds"),
                     value("cpu-rt-runtime", "N", "realtime in each period in microseconds"),
                     value("cpuset-cpus", "LIST", "CPUs to use, as in 0-3,7"),
                     value("cpuset-mems", "LIST", "memory nodes to use"),
                     hidden(value("kernel-memory", "BYTES", "limit of kernel memory (cgroup v1)")),
                     hidden(value("kernel-memory-tcp", "BYTES", "limit of TCP buffers (cgroup v1)")),
                     value("memory", "BYTES", "memory limit, as in 512m; -1 for no limit"),
                     value("memory-reservation", "BYTES", "memory that is protected or reserved"),
                     value("memory-swap", "BYTES", "limit of memory and swap together, -1 for no limit"),
                     value("pids-limit", "N", "number of tasks, -1 for no limit"),
                     value("cpu-idle", "N", "1: run only when the CPUs are idle otherwise"),
                     value("l3-cache-schema", "TEXT", "Intel RDT: schema of the L3 cache"),
                     value("mem-bw-schema", "TEXT", "Intel RDT: schema of the memory bandwidth")},
         .least_arguments = 1,
         .most_arguments = 1,
         .examples = {"ocirun update --memory 512m --pids-limit 100 web",
                      "ocirun update --resources - web <resources.json"}},
        update_command};
}

CommandEntry mounts_entry() {
    return {{.name = "mounts",
             .summary = "add mounts to a running container, or remove them",
             .arguments = "add|remove CONTAINER-ID FILE",
             .description =
                 "FILE (- is standard input) holds an array of mounts as config.json has them. 'add' makes "
                 "all of them or none; 'remove' takes away what is mounted on their destinations.",
             .least_arguments = 3,
             .most_arguments = 3,
             .examples = {"ocirun mounts add web mounts.json"}},
            mounts_command};
}

}  // namespace ocirun
