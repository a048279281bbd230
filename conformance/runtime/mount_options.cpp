// runtime-spec config.md "Linux mount options": one case for each word, named mount-options/WORD.

#include <sys/mount.h>

#include <deque>

#include "base/text.hpp"
#include "conformance/harness/case.hpp"

using conformance::Bundle;
using conformance::Case;
using conformance::Json;
using conformance::Registration;

namespace {

enum class Look {
    accepted,         // the kernel shows nothing of it: the container just starts
    option,           // the mount's own options hold `word`
    no_option,        // they do not
    super_option,     // the file system's options hold `word`
    no_super_option,  // they do not
    propagation,      // the propagation fields begin with `word`
    no_propagation,   // none begins with it
    below,            // a recursive bind: the mount below holds `word`
    not_below,        // a recursive bind: neither mount holds it
};

struct Option {
    const char* name;
    const char* options;  // what the mount is given
    Look look;
    const char* word;
    unsigned long below_flags = 0;  // of the mount below a recursive bind, before
};

constexpr Option table[] = {
    {"async", "sync,async", Look::no_super_option, "sync"},
    {"atime", "noatime,atime", Look::no_option, "noatime"},
    {"defaults", "defaults", Look::option, "rw"},
    {"dev", "nodev,dev", Look::no_option, "nodev"},
    {"diratime", "nodiratime,diratime", Look::no_option, "nodiratime"},
    {"dirsync", "dirsync", Look::super_option, "dirsync"},
    {"exec", "noexec,exec", Look::no_option, "noexec"},
    {"iversion", "iversion", Look::accepted, ""},
    {"lazytime", "lazytime", Look::super_option, "lazytime"},
    {"loud", "silent,loud", Look::accepted, ""},
    {"noatime", "noatime", Look::option, "noatime"},
    {"nodev", "nodev", Look::option, "nodev"},
    {"nodiratime", "nodiratime", Look::option, "nodiratime"},
    {"noexec", "noexec", Look::option, "noexec"},
    {"noiversion", "iversion,noiversion", Look::accepted, ""},
    {"nolazytime", "lazytime,nolazytime", Look::no_super_option, "lazytime"},
    {"norelatime", "norelatime", Look::accepted, ""},
    {"nostrictatime", "strictatime,nostrictatime", Look::option, "relatime"},
    {"nosuid", "nosuid", Look::option, "nosuid"},
    {"nosymfollow", "nosymfollow", Look::option, "nosymfollow"},
    {"relatime", "relatime", Look::option, "relatime"},
    {"ro", "ro", Look::option, "ro"},
    {"rw", "ro,rw", Look::option, "rw"},
    {"silent", "silent", Look::accepted, ""},
    {"strictatime", "strictatime", Look::no_option, "relatime"},
    {"suid", "nosuid,suid", Look::no_option, "nosuid"},
    {"symfollow", "nosymfollow,symfollow", Look::no_option, "nosymfollow"},
    {"sync", "sync", Look::super_option, "sync"},
    {"shared", "bind,shared", Look::propagation, "shared:"},
    {"rshared", "rbind,rshared", Look::propagation, "shared:"},
    {"private", "bind,private", Look::no_propagation, "shared:"},
    {"rprivate", "rbind,rprivate", Look::no_propagation, "shared:"},
    {"slave", "bind,slave", Look::propagation, "master:"},
    {"rslave", "rbind,rslave", Look::propagation, "master:"},
    {"unbindable", "bind,unbindable", Look::propagation, "unbindable"},
    {"runbindable", "rbind,runbindable", Look::propagation, "unbindable"},
    {"rro", "rbind,rro", Look::below, "ro"},
    {"rrw", "rbind,rrw", Look::not_below, "ro", MS_RDONLY},
    {"rnosuid", "rbind,rnosuid", Look::below, "nosuid"},
    {"rsuid", "rbind,rsuid", Look::not_below, "nosuid", MS_NOSUID},
    {"rnodev", "rbind,rnodev", Look::below, "nodev"},
    {"rdev", "rbind,rdev", Look::not_below, "nodev", MS_NODEV},
    {"rnoexec", "rbind,rnoexec", Look::below, "noexec"},
    {"rexec", "rbind,rexec", Look::not_below, "noexec", MS_NOEXEC},
    {"rnodiratime", "rbind,rnodiratime", Look::below, "nodiratime"},
    {"rdiratime", "rbind,rdiratime", Look::not_below, "nodiratime", MS_NODIRATIME},
    {"rnoatime", "rbind,rnoatime", Look::below, "noatime"},
    {"ratime", "rbind,ratime", Look::not_below, "noatime", MS_NOATIME},
    {"rrelatime", "rbind,rrelatime", Look::below, "relatime", MS_NOATIME},
    {"rnorelatime", "rbind,rnorelatime", Look::accepted, ""},
    {"rstrictatime", "rbind,rstrictatime", Look::not_below, "relatime"},
    {"rnostrictatime", "rbind,rnostrictatime", Look::accepted, ""},
    {"rnosymfollow", "rbind,rnosymfollow", Look::below, "nosymfollow"},
    {"rsymfollow", "rbind,rsymfollow", Look::not_below, "nosymfollow", 256 /* MS_NOSYMFOLLOW */},
};

bool is_recursive(const Option& option) {
    return option.look == Look::below || option.look == Look::not_below ||
           std::string_view(option.options).starts_with("rbind,rno");
}

/// A directory with a mount below it, as the source of a recursive bind.
std::string make_source(Case& c, Bundle& bundle, const Option& option) {
    bundle.directory("source");
    std::string source = bundle.path("source");
    c.need(::mount("tmpfs", source.c_str(), "tmpfs", option.below_flags, nullptr) == 0,
           "a file system to bind");
    if ((option.below_flags & MS_RDONLY) != 0) ::mount(nullptr, source.c_str(), nullptr, MS_REMOUNT, nullptr);
    bundle.directory("source/below");
    const std::string below = source + "/below";
    c.need(::mount("tmpfs", below.c_str(), "tmpfs", 0, nullptr) == 0, "a mount below it");
    // The flags are the mount's and not the file system's, so that a bind may change them.
    ::mount(nullptr, below.c_str(), nullptr, MS_REMOUNT | MS_BIND | option.below_flags, nullptr);
    ::mount(nullptr, source.c_str(), nullptr, MS_REMOUNT | MS_BIND | option.below_flags, nullptr);
    return source;
}

bool begins_any(const Json& array, std::string_view word) {
    for (const Json& item : array.items())
        if (item.str().starts_with(word)) return true;
    return false;
}

void look_at(Case& c, const Option& option, const Json& facts) {
    const Json& mount = conformance::mount_at(facts, "/m");
    c.need(mount.is_object(), "/m is a mount");
    const std::string word = option.word;
    const Json& below = conformance::mount_at(facts, "/m/below");
    switch (option.look) {
        case Look::accepted:
            break;
        case Look::option:
            c.holds("the mount's options", mount["options"], word);
            break;
        case Look::no_option:
            c.lacks("the mount's options", mount["options"], word);
            break;
        case Look::super_option:
            c.holds("the file system's options", mount["superOptions"], word);
            break;
        case Look::no_super_option:
            c.lacks("the file system's options", mount["superOptions"], word);
            break;
        case Look::propagation:
            c.check(begins_any(mount["propagation"], word), "the propagation is " + word,
                    mount["propagation"].dump());
            break;
        case Look::no_propagation:
            c.check(!begins_any(mount["propagation"], word), "the propagation is not " + word,
                    mount["propagation"].dump());
            break;
        case Look::below:
            c.holds("the mount's options", mount["options"], word);
            c.holds("the options of the mount below", below["options"], word);
            break;
        case Look::not_below:
            c.lacks("the mount's options", mount["options"], word);
            c.lacks("the options of the mount below", below["options"], word);
            break;
    }
}

void run_option(Case& c) {
    const std::string name = c.name().substr(c.name().find('/') + 1);
    for (const Option& option : table) {
        if (name != option.name) continue;
        if (is_recursive(option)) c.since("1.1.0");
        Bundle bundle = c.bundle();
        const std::string options = option.options;
        if (is_recursive(option)) {
            bundle.mount("/m", "bind", make_source(c, bundle, option), options);
        } else if (options.find("bind") != std::string::npos) {
            bundle.directory("source");
            const std::string source = bundle.path("source");
            c.need(::mount("tmpfs", source.c_str(), "tmpfs", 0, nullptr) == 0, "a file system to bind");
            // The source is shared, so that private and slave have something to change.
            c.need(::mount(nullptr, source.c_str(), nullptr, MS_SHARED, nullptr) == 0, "a shared source");
            bundle.mount("/m", "bind", source, options);
        } else {
            bundle.mount("/m", "tmpfs", "tmpfs", options);
        }
        bundle.directory("rootfs/m");
        look_at(c, option, c.facts(bundle));
    }
}

/// Registers one case for each word of the table.
struct OptionCases {
    OptionCases() {
        static std::deque<std::string> names;
        for (const Option& option : table)
            Registration(names.emplace_back(std::string("mount-options/") + option.name).c_str(), "runtime",
                         conformance::View::as_mounted, run_option);
    }
};
const OptionCases option_cases;

}  // namespace

RUNTIME_CASE("mount-options/bind") {
    Bundle bundle = c.bundle();
    bundle.directory("source/below").file("source/file", "x").directory("rootfs/m");
    c.need(::mount("tmpfs", bundle.path("source/below").c_str(), "tmpfs", 0, nullptr) == 0, "a mount below");
    bundle.mount("/m", "", bundle.path("source"), "bind").ask({"stat=/m/file"});
    const Json facts = c.facts(bundle);
    c.equal("a file of the source", facts["stat=/m/file"]["type"].str(), "f");
    c.check(conformance::mount_at(facts, "/m/below").is_null(), "mounts below the source are left out");
}

RUNTIME_CASE("mount-options/rbind") {
    Bundle bundle = c.bundle();
    bundle.directory("source/below").directory("rootfs/m");
    c.need(::mount("tmpfs", bundle.path("source/below").c_str(), "tmpfs", 0, nullptr) == 0, "a mount below");
    bundle.file("source/below/file", "x");
    bundle.mount("/m", "", bundle.path("source"), "rbind").ask({"stat=/m/below/file"});
    const Json facts = c.facts(bundle);
    c.check(conformance::mount_at(facts, "/m/below").is_object(), "mounts below the source are there");
    c.equal("a file below", facts["stat=/m/below/file"]["type"].str(), "f");
}

RUNTIME_CASE("mount-options/remount") {
    Bundle bundle = c.bundle();
    bundle.directory("source").directory("rootfs/m").mount("/m", "", bundle.path("source"), "bind,rw");
    bundle.mount("/m", "", bundle.path("source"), "bind,remount,ro,nosuid");
    const Json facts = c.facts(bundle);
    c.holds("the options of the mount", conformance::mount_at(facts, "/m")["options"], "ro");
    c.holds("the options of the mount", conformance::mount_at(facts, "/m")["options"], "nosuid");
}

RUNTIME_CASE_OF_USERS("mount-options/filesystem-specific") {
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/m").mount("/m", "tmpfs", "tmpfs", "size=4096k,nr_inodes=77,mode=0701");
    bundle.ask({"stat=/m", "statfs=/m"});
    const Json facts = c.facts(bundle);
    c.equal("size of the file system", facts["statfs=/m"]["size"], "4194304");
    c.equal("its inodes", facts["statfs=/m"]["inodes"], "77");
    c.equal("mode of its root", facts["stat=/m"]["mode"], "449");
}

RUNTIME_CASE("mount-options/unknown") {
    // Nobody knows the word, so it goes to the file system, which refuses it.
    Bundle bundle = c.bundle();
    bundle.directory("rootfs/m").mount("/m", "tmpfs", "tmpfs", "conformance-no-option");
    c.refused(bundle, "an option that the file system does not have");
}
