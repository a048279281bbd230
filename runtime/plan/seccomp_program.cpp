#include "runtime/plan/seccomp_program.hpp"

#include <cstring>

namespace ocirun {
namespace {

// A conditional jump reaches 255 instructions; some room for the long jumps that a branch puts behind
// itself.
constexpr std::size_t reach = 250;

}  // namespace

SeccompProgram::Label SeccompProgram::write(unsigned code, std::uint32_t operand, std::size_t yes,
                                            std::size_t no) {
    reversed_.push_back({.code = static_cast<std::uint16_t>(code),
                         .jt = static_cast<std::uint8_t>(yes),
                         .jf = static_cast<std::uint8_t>(no),
                         .k = operand});
    return reversed_.size() - 1;
}

SeccompProgram::Label SeccompProgram::end_with(const std::string& program) {
    std::vector<sock_filter> instructions(program.size() / sizeof(sock_filter));
    std::memcpy(instructions.data(), program.data(), instructions.size() * sizeof(sock_filter));
    reversed_.assign(instructions.rbegin(), instructions.rend());
    return reversed_.size() - 1;
}

SeccompProgram::Label SeccompProgram::give(std::uint32_t action) {
    const auto known = answers_.find(action);
    // A second `return` is as short as a long jump to the first.
    if (known != answers_.end() && distance_to(known->second) < reach) return known->second;
    return answers_[action] = write(BPF_RET | BPF_K, action);
}

SeccompProgram::Label SeccompProgram::within_reach(Label target) {
    const std::size_t distance = distance_to(target);
    if (distance <= reach) return target;
    if (BPF_CLASS(reversed_[target].code) == BPF_RET) return give(reversed_[target].k);
    return write(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(distance));
}

SeccompProgram::Label SeccompProgram::branch(unsigned test, std::uint32_t operand, Label yes, Label no) {
    if (yes == no) return yes;
    const Label near_yes = within_reach(yes);
    const Label near_no = within_reach(no);
    return write(BPF_JMP | BPF_K | test, operand, distance_to(near_yes), distance_to(near_no));
}

void SeccompProgram::run_into(Label next) {
    if (distance_to(next) != 0) write(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(distance_to(next)));
}

SeccompProgram::Label SeccompProgram::load(std::size_t offset, Label next) {
    run_into(next);
    return write(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

SeccompProgram::Label SeccompProgram::mask(std::uint32_t bits, Label next) {
    run_into(next);
    return write(BPF_ALU | BPF_AND | BPF_K, bits);
}

std::string SeccompProgram::bytes() const {
    std::vector<sock_filter> program(reversed_.rbegin(), reversed_.rend());
    return {reinterpret_cast<const char*>(program.data()), program.size() * sizeof(sock_filter)};
}

}  // namespace ocirun
