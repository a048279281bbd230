// The arrows of the architecture: which folder may include which, and which folder may use which library.
// Usage: include_rules PROJECT_ROOT. The table below is the whole rule; docs/architecture.md draws it.

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/style/source_files.hpp"

namespace {

using Folders = std::set<std::string>;

/// From each folder the folders it may include besides itself. A folder that is not in the table may not
/// exist: a new one is added here, on purpose.
const std::map<std::string, Folders>& arrows() {
    static const std::map<std::string, Folders> table = [] {
        std::map<std::string, Folders> arrow;
        arrow["base"] = {};
        arrow["spec/json"] = {"base"};
        arrow["spec/runtime"] = {"base", "spec/json"};
        arrow["spec/image"] = {"base", "spec/json"};
        const Folders spec_of_runtime = {"base", "spec/json", "spec/runtime"};

        arrow["runtime/kernel"] = {"base"};
        arrow["runtime/protocol"] = {"base"};
        arrow["runtime/plan"] = spec_of_runtime;
        Folders below = spec_of_runtime;
        below.insert({"runtime/kernel", "runtime/protocol", "runtime/plan"});
        arrow["runtime/hooks"] = below;
        below.insert("runtime/hooks");
        arrow["runtime/cgroup"] = below;
        arrow["runtime/init"] = below;  // never runtime/cgroup: the container's side knows no host paths
        below.insert({"runtime/cgroup", "runtime/init"});
        arrow["runtime/launch"] = below;
        below.insert("runtime/launch");
        arrow["runtime/container"] = below;
        below.insert("runtime/container");
        arrow["runtime/cli"] = below;
        arrow["runtime"] = {"base", "runtime/cli"};

        const Folders spec = {"base", "spec/json", "spec/image", "spec/runtime"};
        arrow["imagetool/stream"] = {"base"};
        arrow["imagetool/tar"] = {"base", "imagetool/stream"};
        below = spec;
        below.insert({"imagetool/stream", "imagetool/tar"});
        arrow["imagetool/image"] = below;
        below.insert("imagetool/image");
        arrow["imagetool/layer"] = below;
        Folders with_layer = below;
        with_layer.insert("imagetool/layer");
        arrow["imagetool/overlay"] = with_layer;
        arrow["imagetool/store"] = below;
        below.insert("imagetool/store");
        arrow["imagetool/progress"] = {"base", "spec/json"};
        below.insert("imagetool/progress");
        arrow["imagetool/remote"] = below;
        arrow["imagetool/archive"] = below;
        below.insert({"imagetool/layer", "imagetool/overlay", "imagetool/remote", "imagetool/archive"});
        arrow["imagetool/bundle"] = below;
        arrow["imagetool/look"] = below;
        Folders with_look = below;
        with_look.insert("imagetool/look");
        arrow["imagetool/change"] = with_look;
        arrow["imagetool/transfer"] = below;
        arrow["imagetool/dockerfile"] = spec;
        below.insert({"imagetool/bundle", "imagetool/look", "imagetool/change", "imagetool/transfer",
                      "imagetool/dockerfile"});
        arrow["imagetool/buildfile"] = spec;
        arrow["imagetool/buildfile"].insert("imagetool/dockerfile");
        below.insert("imagetool/buildfile");
        arrow["imagetool/build"] = below;
        below.insert("imagetool/build");
        arrow["imagetool/cli"] = below;
        arrow["imagetool"] = {"base", "imagetool/cli"};

        arrow["conformance"] = spec;
        return arrow;
    }();
    return table;
}

/// The libraries of others, each behind one door.
struct Door {
    std::string header;  // how the included name begins
    Folders folders;
};
const std::vector<Door>& doors() {
    static const std::vector<Door> table = {
        {"nlohmann/", {"spec/json"}},
        {"seccomp.h", {"runtime/plan"}},
        {"dbus/", {"runtime/cgroup"}},
        {"isa-l", {"imagetool/stream"}},
        {"zstd", {"imagetool/stream"}},
        {"lzma", {"imagetool/stream"}},
        {"bzlib", {"imagetool/stream"}},
        {"openssl/", {"imagetool/stream"}},
        {"curl/", {"imagetool/remote"}},
        {"yaml-cpp/", {"conformance/harness", "imagetool/buildfile"}},
        {"gtest/", {}},
        {"gmock/", {}},
    };
    return table;
}

std::string folder_in_table(std::string folder) {
    if (folder.starts_with("conformance/")) return "conformance";  // one house of its own
    if (folder.starts_with("imagetool/cli/")) return "imagetool/cli";
    if (folder.starts_with("runtime/cli/")) return "runtime/cli";
    return folder;
}

void check_own(const style::SourceFile& file, std::size_t line, const std::string& included,
               style::Findings& findings) {
    const std::string from = folder_in_table(file.folder());
    const std::size_t slash = included.rfind('/');
    if (slash == std::string::npos) {
        findings.add(file, line, "\"" + included + "\" is not written from the root of the project");
        return;
    }
    const std::string to = folder_in_table(included.substr(0, slash));
    if (from == to) return;
    const auto allowed = arrows().find(from);
    if (allowed == arrows().end()) return;  // reported once for the file
    if (!allowed->second.contains(to))
        findings.add(file, line, from + " may not include " + to + " (\"" + included + "\")");
}

void check_library(const style::SourceFile& file, std::size_t line, const std::string& included,
                   style::Findings& findings) {
    for (const Door& door : doors()) {
        if (!included.starts_with(door.header) || door.folders.contains(file.folder())) continue;
        findings.add(file, line, "<" + included + "> is used by another folder only");
    }
    if (file.path.ends_with(".hpp") && included.starts_with("nlohmann/"))
        findings.add(file, line, "<" + included + "> in a header reaches everybody");
}

void check_file(const style::SourceFile& file, style::Findings& findings) {
    if (!arrows().contains(folder_in_table(file.folder())))
        findings.add(file, 1, "the folder has no line in the table of tests/style/include_rules.cpp");
    const std::string text = style::without_comments(file.text, false);
    const std::string start = "#include ";
    for (std::size_t at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
        const std::size_t open = at + start.size();
        const char close = text[open] == '<' ? '>' : '"';
        const std::size_t end = text.find(close, open + 1);
        if (end == std::string::npos) return;
        const std::string included = text.substr(open + 1, end - open - 1);
        const std::size_t line = style::line_of(text, at);
        if (close == '"') check_own(file, line, included, findings);
        if (close == '>') check_library(file, line, included, findings);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: include_rules PROJECT_ROOT\n", stderr), 2;
    const auto files = style::read_sources(argv[1], {"base", "spec", "runtime", "imagetool", "conformance"},
                                           {".cpp", ".hpp"});
    style::Findings findings;
    for (const style::SourceFile& file : files) check_file(file, findings);
    return findings.finish(files.size());
}
