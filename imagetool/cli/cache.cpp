#include <unistd.h>

#include <ctime>

#include "base/text.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/build_sandbox.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/dockerfile/duration.hpp"
#include "spec/image/timestamp.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

using build::CacheEntry;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

std::string as_json(const std::vector<CacheEntry>& entries) {
    oci::spec::JsonWriter json("  ");
    json.begin_array();
    for (const CacheEntry& entry : entries) {
        json.begin_object();
        json.key("kind");
        json.string(entry.kind);
        json.key("name");
        json.string(entry.name);
        json.key("size");
        json.number(static_cast<std::int64_t>(entry.size));
        json.key("lastUsed");
        json.string(to_text(oci::spec::Timestamp{.seconds = entry.last_used}));
        json.end_object();
    }
    json.end_array();
    return json.take() + "\n";
}

std::string as_table(const std::vector<CacheEntry>& entries) {
    std::string text = "KIND   NAME          SIZE          LAST USED\n";
    std::uint64_t total = 0;
    for (const CacheEntry& entry : entries) {
        std::string size = std::to_string(entry.size);
        total += entry.size;
        size.resize(std::max<std::size_t>(size.size(), 12), ' ');
        text += (entry.kind == "step" ? "step   " : "mount  ") + entry.name.substr(0, 12) + "  " + size +
                "  " + to_text(oci::spec::Timestamp{.seconds = entry.last_used}) + "\n";
    }
    return text + std::to_string(entries.size()) + (entries.size() == 1 ? " entry, " : " entries, ") +
           std::to_string(total) + " bytes\n";
}

Result<int> run_cache(const oci::cli::Values& values) {
    const std::string& what = values.arguments().front();
    if (what != "ls" && what != "prune")
        return failure(ErrorCode::invalid, "cache " + quote(what) + ": allowed are ls and prune");
    // Files of an ordinary user's builds have owners that only root of the user's namespace may remove.
    if (::geteuid() != 0) TRY(build::become_root([](const std::string&) {}));
    const auto cache = TRY(build::BuildCache::open(TRY(build::default_cache_path())));
    std::vector<CacheEntry> entries;
    if (what == "ls") {
        entries = TRY(cache.list());
    } else {
        std::int64_t before = std::time(nullptr) + 1;
        if (values.has("older-than"))
            before -=
                TRY(dockerfile::parse_duration(values.get("older-than")).in("--older-than")) / 1000000000;
        entries = TRY(cache.prune(before));
    }
    TRY(print(values.has("json") ? as_json(entries) : as_table(entries)));
    return 0;
}

}  // namespace

CommandEntry cache_entry() {
    return {
        {
            .name = "cache",
            .summary = "show or clear the cache of ocimg build",
            .arguments = "ls|prune",
            .description =
                "ls lists the results of steps and the directories of RUN --mount=type=cache, the least "
                "recently used first. prune removes them, or those that were not used for a while; it "
                "refuses to work beside a running build. What it removed is done again when it is needed.",
            .options = {value_option("older-than", "DURATION",
                                     "prune: only what was not used for so long (\"72h\")"),
                        switch_option("json", "print JSON")},
            .least_arguments = 1,
            .most_arguments = 1,
            .examples = {"ocimg cache ls", "ocimg cache prune --older-than 168h"},
        },
        run_cache};
}

}  // namespace ocimg
