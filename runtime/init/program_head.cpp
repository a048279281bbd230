#include "runtime/init/program_head.hpp"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ocirun {

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half own_machine = EM_AARCH64;
#else
constexpr Elf64_Half own_machine = EM_NONE;
#endif

const char* machine_name(Elf64_Half machine) noexcept {
    switch (machine) {
        case EM_386:
            return "i386";
        case EM_X86_64:
            return "x86_64";
        case EM_ARM:
            return "arm";
        case EM_AARCH64:
            return "aarch64 (arm64)";
        case EM_PPC64:
            return "ppc64";
        case EM_S390:
            return "s390";
        case EM_RISCV:
            return "riscv";
        default:
            return "another machine";
    }
}

bool read_header(std::string_view bytes, Elf64_Ehdr& header) noexcept {
    if (bytes.size() < sizeof header || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    return true;
}

}  // namespace

ProgramHead::ProgramHead(const char* path) noexcept {
    // The path was looked up as a file that may be executed; a fifo or a device must not be waited for.
    const int file = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0) return;
    const ssize_t got = ::pread(file, bytes_.data(), bytes_.size(), 0);
    if (got > 0) length_ = static_cast<std::size_t>(got);
    ::close(file);
}

std::string_view ProgramHead::script_interpreter() const noexcept {
    std::string_view line = bytes();
    if (!line.starts_with("#!")) return {};
    line.remove_prefix(2);
    line = line.substr(0, line.find('\n'));
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    line.remove_prefix(first);
    return line.substr(0, line.find_first_of(" \t"));
}

std::string_view ProgramHead::elf_loader() const noexcept {
    Elf64_Ehdr header{};
    if (!read_header(bytes(), header) || header.e_ident[EI_CLASS] != ELFCLASS64) return {};
    for (std::size_t i = 0; i < header.e_phnum; ++i) {
        const std::size_t place = header.e_phoff + i * sizeof(Elf64_Phdr);
        if (header.e_phoff > length_ || place + sizeof(Elf64_Phdr) > length_) return {};
        Elf64_Phdr segment{};
        std::memcpy(&segment, bytes_.data() + place, sizeof segment);
        if (segment.p_type != PT_INTERP) continue;
        if (segment.p_offset >= length_ || segment.p_filesz > length_ - segment.p_offset) return {};
        const std::string_view name = bytes().substr(segment.p_offset, segment.p_filesz);
        return name.substr(0, name.find('\0'));
    }
    return {};
}

std::size_t ProgramHead::explain(int number, bool filtered, char* text, std::size_t length,
                                 std::size_t size) const noexcept {
    const std::string_view interpreter = script_interpreter();
    const std::string_view loader = elf_loader();
    Elf64_Ehdr header{};
    char* const end = text + length;
    const std::size_t room = size - length;
    int added = 0;
    if (number == ENOENT && interpreter.ends_with('\r')) {
        added = std::snprintf(end, room,
                              ": its first line ends with a carriage return (line ends of Windows), "
                              "so that its interpreter is \"%.*s\\r\"",
                              static_cast<int>(interpreter.size() - 1), interpreter.data());
    } else if (number == ENOENT && !interpreter.empty()) {
        added = std::snprintf(end, room, ": its interpreter \"%.*s\" is not in the container",
                              static_cast<int>(interpreter.size()), interpreter.data());
    } else if (number == ENOENT && !loader.empty()) {
        added = std::snprintf(end, room,
                              ": its loader \"%.*s\" is not in the container (built for another C library?)",
                              static_cast<int>(loader.size()), loader.data());
    } else if (number == ENOEXEC && read_header(bytes(), header)) {
        if (header.e_machine != own_machine) {
            added = std::snprintf(end, room, ": it is a program for %s, and this machine is %s",
                                  machine_name(header.e_machine), machine_name(own_machine));
        }
    } else if (number == ENOEXEC && interpreter.empty()) {
        added = std::snprintf(end, room,
                              ": it is neither a program nor a script whose first line begins with \"#!\"");
    } else if (number == EACCES) {
        added = std::snprintf(end, room, ": its file system is mounted noexec%s%.*s%s",
                              interpreter.empty() ? "" : ", or its interpreter \"",
                              static_cast<int>(interpreter.size()), interpreter.data(),
                              interpreter.empty() ? "" : "\" may not be executed");
    } else if ((number == EPERM || number == ENOSYS) && filtered) {
        added = std::snprintf(end, room, ": does the seccomp filter (linux.seccomp) allow execve?");
    }
    if (added <= 0) return length;
    return length + std::min(static_cast<std::size_t>(added), room - 1);
}

}  // namespace ocirun
