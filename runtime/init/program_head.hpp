#pragma once
// The first bytes of the program, to explain why execve refuses it. Runs in init and exec processes.

#include <array>
#include <cstddef>
#include <string_view>

namespace ocirun {

/// Read before the seccomp filter, which may forbid to open and to read; explains after it, without
/// allocating.
class ProgramHead {
public:
    /// What cannot be read leaves nothing to explain with; that is no error.
    explicit ProgramHead(const char* path) noexcept;

    /// Appends a reason to `text`, which holds `length` characters and ends with what the errno means: an
    /// interpreter that is not there, line ends of Windows, another machine, no "#!", or a filter. Returns
    /// the new length, which stays below `size`.
    std::size_t explain(int number, bool filtered, char* text, std::size_t length,
                        std::size_t size) const noexcept;

private:
    [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_.data(), length_}; }
    /// After "#!", without spaces around, a carriage return included; empty for what is no script.
    [[nodiscard]] std::string_view script_interpreter() const noexcept;
    /// The loader that an ELF program of this machine's class names, or empty.
    [[nodiscard]] std::string_view elf_loader() const noexcept;

    static constexpr std::size_t head_size = 4096;  // a program's headers and its loader's name
    std::array<char, head_size> bytes_;
    std::size_t length_ = 0;
};

}  // namespace ocirun
