#include "runtime/container/seccomp_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"

namespace ocirun {

using oci::Result;

namespace {

constexpr std::size_t program_limit = std::size_t{8} << 20U;
constexpr std::string_view magic = "ocirun seccomp 1\n";

/// Text fields end with NUL; the program is the rest.
std::string serialise(const SeccompPlan& plan) {
    std::string text(magic);
    text += std::to_string(plan.flags);
    text += '\0';
    text += plan.listener_path;
    text += '\0';
    text += plan.listener_metadata;
    text += '\0';
    return text + plan.program;
}

bool deserialise(std::string_view text, SeccompPlan& plan) {
    if (!text.starts_with(magic)) return false;
    text.remove_prefix(magic.size());
    std::string fields[3];
    for (std::string& field : fields) {
        const std::size_t end = text.find('\0');
        if (end == std::string_view::npos) return false;
        field = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    const auto flags = oci::parse_integer<unsigned>(fields[0]);
    constexpr std::size_t instruction_size = 8;
    if (!flags || text.size() % instruction_size != 0) return false;
    plan.flags = *flags;
    plan.listener_path = fields[1];
    plan.listener_metadata = fields[2];
    plan.program = text;
    return true;
}

/// FNV-1a, twice with different starts: names a file, is no proof; the key itself is kept and compared.
std::string name_of(const std::string& key) {
    std::string name;
    for (std::uint64_t hash : {std::uint64_t{0xcbf29ce484222325}, std::uint64_t{0x84222325cbf29ce4}}) {
        for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        for (int i = 0; i < 16; ++i)
            name += "0123456789abcdef"[hash >> (60U - 4U * static_cast<unsigned>(i)) & 0xfU];
    }
    return name;
}

bool split_entry(const std::string& entry, const std::string& key, SeccompPlan& plan) {
    const std::string head = std::to_string(key.size()) + "\n" + key;
    return entry.starts_with(head) && deserialise(std::string_view(entry).substr(head.size()), plan);
}

}  // namespace

Result<SeccompPlan> SeccompCache::compile(const oci::spec::Seccomp& seccomp, const std::string& origin) {
    const std::string key = seccomp_cache_key(seccomp);
    const std::string directory = root_ + "/.cache/seccomp";
    const std::string name = name_of(key);
    SeccompPlan plan;
    if (const auto opened = oci::open_file(directory, O_PATH | O_DIRECTORY)) {
        const auto entry = oci::read_file(*opened, name, program_limit);
        if (entry && split_entry(*entry, key, plan)) return plan;
    }
    plan = TRY(plan_seccomp(seccomp, origin));
    // Programs with warnings are compiled anew, so that the warnings are told again. A cache that cannot
    // be written costs time, nothing else.
    if (plan.warnings.empty() && oci::make_directories(directory, 0700)) {
        if (const auto opened = oci::open_file(directory, O_RDONLY | O_DIRECTORY)) {
            const std::string entry = std::to_string(key.size()) + "\n" + key + serialise(plan);
            static_cast<void>(
                oci::replace_file(*opened, name, entry, 0600, oci::Durability::atomic_only).has_value());
        }
    }
    return plan;
}

Result<SeccompPlan> SeccompCache::compile_with(const oci::spec::Seccomp& seccomp, const std::string& origin,
                                               void* context) {
    return static_cast<SeccompCache*>(context)->compile(seccomp, origin);
}

Result<void> record_filter(const StateDirectory& directory, const SeccompPlan& plan) {
    if (plan.program.empty()) return {};
    return directory.write(filter_file, serialise(plan));
}

Result<SeccompPlan> recorded_filter(const StateDirectory& directory) {
    SeccompPlan plan;
    const auto text = directory.read(filter_file, program_limit);
    if (!text) {
        if (text.error().system_errno == ENOENT) return plan;
        return text.error();
    }
    if (!deserialise(*text, plan))
        return oci::failure("container " + directory.id() + ": " + filter_file + " is damaged");
    return plan;
}

}  // namespace ocirun
