#pragma once
// What the kernel does with a seccomp filter: an interpreter of classic BPF over struct seccomp_data.

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace ocirun::test {

/// A system call as a filter sees it.
inline seccomp_data a_call(std::uint32_t architecture, std::uint32_t number,
                           const std::vector<std::uint64_t>& arguments = {}) {
    seccomp_data call{};
    call.arch = architecture;
    call.nr = static_cast<int>(number);
    for (std::size_t i = 0; i < arguments.size(); ++i) call.args[i] = arguments[i];
    return call;
}

/// The instructions of a program.
inline std::vector<sock_filter> instructions_of(const std::string& program) {
    std::vector<sock_filter> instructions(program.size() / sizeof(sock_filter));
    std::memcpy(instructions.data(), program.data(), instructions.size() * sizeof(sock_filter));
    return instructions;
}

/// The returned word; nothing for a program that the kernel would refuse (an unknown instruction, a
/// load outside of the data, a run past the end).
inline std::optional<std::uint32_t> run_filter(const std::vector<sock_filter>& program,
                                               const seccomp_data& call) {
    std::uint32_t accumulator = 0;
    for (std::size_t at = 0; at < program.size(); ++at) {
        const sock_filter& step = program[at];
        switch (step.code) {
            case BPF_LD | BPF_W | BPF_ABS:
                if (step.k % 4 != 0 || step.k > sizeof(call) - 4) return std::nullopt;
                std::memcpy(&accumulator, reinterpret_cast<const char*>(&call) + step.k, 4);
                break;
            case BPF_ALU | BPF_AND | BPF_K:
                accumulator &= step.k;
                break;
            case BPF_JMP | BPF_JA:
                at += step.k;
                break;
            case BPF_JMP | BPF_JEQ | BPF_K:
                at += accumulator == step.k ? step.jt : step.jf;
                break;
            case BPF_JMP | BPF_JGE | BPF_K:
                at += accumulator >= step.k ? step.jt : step.jf;
                break;
            case BPF_JMP | BPF_JGT | BPF_K:
                at += accumulator > step.k ? step.jt : step.jf;
                break;
            case BPF_RET | BPF_K:
                return step.k;
            default:
                return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace ocirun::test
