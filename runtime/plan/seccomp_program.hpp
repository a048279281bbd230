#pragma once
// A classic BPF program written from its end to its beginning, so that every jump goes to a place that
// is known already. Pure.

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ocirun {

class SeccompProgram {
public:
    /// A place in the program that can be jumped to.
    using Label = std::size_t;

    /// The whole of another program as the end of this one; its first instruction. Call it first.
    Label end_with(const std::string& program);
    /// `return action`.
    Label give(std::uint32_t action);
    /// `if (accumulator TEST operand) goto yes; else goto no;` TEST is BPF_JEQ, BPF_JGE or BPF_JGT.
    Label branch(unsigned test, std::uint32_t operand, Label yes, Label no);
    /// Loads 32 bits of struct seccomp_data into the accumulator and goes on at `next`.
    Label load(std::size_t offset, Label next);
    /// `accumulator &= bits`, then goes on at `next`.
    Label mask(std::uint32_t bits, Label next);

    /// Instructions so far.
    [[nodiscard]] std::size_t size() const { return reversed_.size(); }
    /// struct sock_filter[] in the order of execution.
    [[nodiscard]] std::string bytes() const;

private:
    [[nodiscard]] std::size_t distance_to(Label target) const { return reversed_.size() - target - 1; }
    Label write(unsigned code, std::uint32_t operand, std::size_t yes = 0, std::size_t no = 0);
    Label within_reach(Label target);
    void run_into(Label next);

    std::vector<sock_filter> reversed_;
    std::map<std::uint32_t, Label> answers_;  // the nearest `return` of each action
};

}  // namespace ocirun
