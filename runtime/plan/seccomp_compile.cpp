#include "runtime/plan/seccomp_compile.hpp"

#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>

#include "runtime/plan/seccomp_numbers.hpp"
#include "runtime/plan/seccomp_program.hpp"

namespace ocirun {
namespace {

using Label = SeccompProgram::Label;

constexpr std::uint32_t x32_bit = 0x40000000U;
constexpr std::uint32_t last_number = 0xFFFFFFFFU;

constexpr std::array<std::uint32_t, 6> compiled_architectures{
    SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32, SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_RISCV64};

bool compares_64_bits(std::uint32_t architecture) {
    return architecture == SCMP_ARCH_X86_64 || architecture == SCMP_ARCH_AARCH64 ||
           architecture == SCMP_ARCH_RISCV64;
}

struct Alternative {
    std::vector<SeccompCondition> conditions;
    std::uint32_t action = 0;

    bool operator==(const Alternative&) const = default;
};

/// What happens to a system call: the first alternative that holds, otherwise the last word.
struct Decision {
    std::vector<Alternative> alternatives;
    std::uint32_t otherwise = 0;
    bool wide = false;  // compares all 64 bits of an argument

    bool operator==(const Decision&) const = default;
};

/// From `first` to the number before the next range.
struct Range {
    std::uint32_t first = 0;
    std::size_t decision = 0;
};

/// Every number of one kernel architecture, cut into ranges with one decision each.
class NumberLine {
public:
    NumberLine(const SeccompRules& rules, std::vector<Decision>& decisions)
        : rules_(rules), decisions_(decisions) {}

    /// Numbers from `first` on up to the next span are not allowed to exist.
    void add_killed(std::uint32_t first) { add(first, plain(SECCOMP_RET_KILL_THREAD)); }

    void add_default(std::uint32_t first) { add(first, plain(rules_.default_action)); }

    /// The span of one architecture's numbers, starting at `first`.
    void add_architecture(std::uint32_t first, const ArchitectureRules& calls) {
        const bool wide = compares_64_bits(calls.architecture);
        add_default(first);
        for (auto rule = calls.rules.begin(); rule != calls.rules.end();) {
            const auto end = std::find_if(rule, calls.rules.end(), [&](const NumberedRule& other) {
                return other.number != rule->number;
            });
            add(rule->number, decide(rule, end, wide));
            add_default(rule->number + 1);
            rule = end;
        }
        if (rules_.newer_calls_are_enosys && calls.newest.has_value())
            add(*calls.newest + 1, plain(SECCOMP_RET_ERRNO | ENOSYS));
    }

    [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }

private:
    using Rule = std::vector<NumberedRule>::const_iterator;

    static Decision plain(std::uint32_t action) { return {.alternatives = {}, .otherwise = action}; }

    [[nodiscard]] Decision decide(Rule begin, Rule end, bool wide) const {
        const auto unconditional =
            std::find_if(begin, end, [](const NumberedRule& rule) { return rule.conditions.empty(); });
        if (unconditional != end) return plain(unconditional->action);
        Decision decision{.alternatives = {}, .otherwise = rules_.default_action, .wide = wide};
        for (Rule rule = begin; rule != end; ++rule)
            decision.alternatives.push_back({.conditions = rule->conditions, .action = rule->action});
        return decision;
    }

    void add(std::uint32_t first, Decision decision) {
        const std::size_t index = index_of(std::move(decision));
        // The range that would begin here is replaced, and equal neighbours become one.
        if (!ranges_.empty() && ranges_.back().first == first) ranges_.pop_back();
        if (!ranges_.empty() && ranges_.back().decision == index) return;
        ranges_.push_back({.first = first, .decision = index});
    }

    std::size_t index_of(Decision decision) {
        const auto found = std::find(decisions_.begin(), decisions_.end(), decision);
        if (found != decisions_.end()) return static_cast<std::size_t>(found - decisions_.begin());
        decisions_.push_back(std::move(decision));
        return decisions_.size() - 1;
    }

    const SeccompRules& rules_;
    std::vector<Decision>& decisions_;
    std::vector<Range> ranges_;
};

class Compiler {
public:
    explicit Compiler(const SeccompRules& rules) : rules_(rules) {}

    std::string run() {
        Label rest = program_.give(SECCOMP_RET_KILL_THREAD);
        for (const std::uint32_t audit : audit_architectures()) {
            const NumberLine line = draw_line(audit);
            entries_.assign(decisions_.size(), std::nullopt);
            const Label tree = write_tree(line.ranges(), 0, line.ranges().size());
            const Label entry = program_.load(offsetof(seccomp_data, nr), tree);
            rest = program_.branch(BPF_JEQ, audit, entry, rest);
        }
        program_.load(offsetof(seccomp_data, arch), rest);
        return program_.bytes();
    }

private:
    [[nodiscard]] bool lists(std::uint32_t architecture) const {
        const auto& listed = rules_.architectures;
        return std::find(listed.begin(), listed.end(), architecture) != listed.end();
    }

    /// The AUDIT_ARCH_* values of the listed architectures, in reverse order: the native one is written
    /// last and so compared first.
    [[nodiscard]] std::vector<std::uint32_t> audit_architectures() const {
        std::vector<std::uint32_t> audits;
        for (const std::uint32_t architecture : rules_.architectures) {
            const std::uint32_t audit = architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture;
            if (std::find(audits.begin(), audits.end(), audit) == audits.end()) audits.push_back(audit);
        }
        std::reverse(audits.begin(), audits.end());
        return audits;
    }

    NumberLine draw_line(std::uint32_t audit) {
        NumberLine line(rules_, decisions_);
        if (audit != SCMP_ARCH_X86_64) {
            line.add_architecture(0, number_rules(rules_, audit));
            return line;
        }
        bool newer_are_enosys = false;
        if (lists(SCMP_ARCH_X86_64)) {
            const ArchitectureRules calls = number_rules(rules_, SCMP_ARCH_X86_64);
            newer_are_enosys = rules_.newer_calls_are_enosys && calls.newest.has_value();
            line.add_architecture(0, calls);
        } else {
            line.add_killed(0);
        }
        if (lists(SCMP_ARCH_X32)) {
            line.add_architecture(x32_bit, number_rules(rules_, SCMP_ARCH_X32));
        } else if (!newer_are_enosys) {
            line.add_killed(x32_bit);
            // A tracer skips a call by making its number -1, which is no x32 call.
            line.add_default(last_number);
        }
        return line;
    }

    Label write_tree(const std::vector<Range>& ranges, std::size_t begin, std::size_t end) {
        if (end - begin == 1) return write_decision(ranges[begin].decision);
        const std::size_t middle = begin + (end - begin) / 2;
        const Label upper = write_tree(ranges, middle, end);
        const Label lower = write_tree(ranges, begin, middle);
        return program_.branch(BPF_JGE, ranges[middle].first, upper, lower);
    }

    Label write_decision(std::size_t index) {
        const Decision& decision = decisions_[index];
        if (decision.alternatives.empty()) return program_.give(decision.otherwise);
        if (entries_[index].has_value()) return *entries_[index];
        Label next = program_.give(decision.otherwise);
        for (auto alternative = decision.alternatives.rbegin(); alternative != decision.alternatives.rend();
             ++alternative) {
            Label yes = program_.give(alternative->action);
            for (auto condition = alternative->conditions.rbegin();
                 condition != alternative->conditions.rend(); ++condition)
                yes = write_condition(*condition, decision.wide, yes, next);
            next = yes;
        }
        entries_[index] = next;
        return next;
    }

    Label write_condition(const SeccompCondition& condition, bool wide, Label yes, Label no) {
        switch (condition.comparison) {
            case SeccompOperator::equal:
            case SeccompOperator::masked_equal:
                return write_equal(condition, wide, yes, no);
            case SeccompOperator::not_equal:
                return write_equal(condition, wide, no, yes);
            case SeccompOperator::greater:
                return write_order(condition, BPF_JGT, wide, yes, no);
            case SeccompOperator::greater_or_equal:
                return write_order(condition, BPF_JGE, wide, yes, no);
            case SeccompOperator::less:
                return write_order(condition, BPF_JGE, wide, no, yes);
            case SeccompOperator::less_or_equal:
                return write_order(condition, BPF_JGT, wide, no, yes);
        }
        return no;
    }

    static std::size_t low_half(unsigned argument) {
        return offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t);
    }
    static std::size_t high_half(unsigned argument) { return low_half(argument) + sizeof(std::uint32_t); }
    static std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
    static std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32U); }

    Label write_equal(const SeccompCondition& condition, bool wide, Label yes, Label no) {
        const Label lower = write_equal_half(low_half(condition.argument), low(condition.value),
                                             low(condition.mask), yes, no);
        if (!wide) return lower;
        return write_equal_half(high_half(condition.argument), high(condition.value), high(condition.mask),
                                lower, no);
    }

    Label write_equal_half(std::size_t offset, std::uint32_t value, std::uint32_t bits, Label yes, Label no) {
        if (bits == 0) return yes;
        Label test = program_.branch(BPF_JEQ, value, yes, no);
        if (bits != 0xFFFFFFFFU) test = program_.mask(bits, test);
        return program_.load(offset, test);
    }

    /// `test` is BPF_JGT or BPF_JGE, unsigned.
    Label write_order(const SeccompCondition& condition, unsigned test, bool wide, Label yes, Label no) {
        const unsigned argument = condition.argument;
        const Label lower =
            program_.load(low_half(argument), program_.branch(test, low(condition.value), yes, no));
        if (!wide) return lower;
        const Label equal = program_.branch(BPF_JEQ, high(condition.value), lower, no);
        const Label greater = program_.branch(BPF_JGT, high(condition.value), yes, equal);
        return program_.load(high_half(argument), greater);
    }

    const SeccompRules& rules_;
    SeccompProgram program_;
    std::vector<Decision> decisions_;
    std::vector<std::optional<Label>> entries_;  // of decisions with alternatives, once written
};

}  // namespace

bool can_compile_seccomp(const SeccompRules& rules) {
    return std::all_of(rules.architectures.begin(), rules.architectures.end(), [](std::uint32_t number) {
        return std::find(compiled_architectures.begin(), compiled_architectures.end(), number) !=
               compiled_architectures.end();
    });
}

oci::Result<std::string> compile_seccomp(const SeccompRules& rules, const std::string& origin) {
    std::string program = Compiler(rules).run();
    const std::size_t instructions = program.size() / sizeof(sock_filter);
    if (instructions > BPF_MAXINSNS)
        return oci::failure(origin + ": the filter needs " + std::to_string(instructions) +
                            " instructions, the kernel takes at most " + std::to_string(BPF_MAXINSNS));
    return program;
}

}  // namespace ocirun
