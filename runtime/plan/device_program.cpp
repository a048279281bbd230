#include <linux/bpf.h>

#include <cstring>

#include "runtime/plan/device_filter.hpp"

namespace ocirun {
namespace {

/// Registers of the program. The kernel passes the context in r1 and takes the answer from r0.
constexpr int answer = BPF_REG_0;
constexpr int context = BPF_REG_1;
constexpr int type = BPF_REG_2;
constexpr int wanted = BPF_REG_3;  // accesses asked for and not yet allowed by a rule
constexpr int major_number = BPF_REG_4;
constexpr int minor_number = BPF_REG_5;

BpfInstruction instruction(unsigned code, int target, int source, std::size_t jump, std::int64_t value) {
    bpf_insn encoded{};
    encoded.code = static_cast<std::uint8_t>(code);
    encoded.dst_reg = static_cast<std::uint8_t>(target & 0xf);
    encoded.src_reg = static_cast<std::uint8_t>(source & 0xf);
    encoded.off = static_cast<std::int16_t>(jump);
    encoded.imm = static_cast<std::int32_t>(value);
    BpfInstruction word = 0;
    static_assert(sizeof word == sizeof encoded);
    std::memcpy(&word, &encoded, sizeof word);
    return word;
}

BpfInstruction load_word(int target, std::size_t offset) {
    return instruction(BPF_LDX | BPF_MEM | BPF_W, target, context, offset, 0);
}

void add_return(std::vector<BpfInstruction>& program, bool allow) {
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_K, answer, 0, 0, allow ? 1 : 0));
    program.push_back(instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

void add_prologue(std::vector<BpfInstruction>& program) {
    program.push_back(load_word(type, offsetof(bpf_cgroup_dev_ctx, access_type)));
    program.push_back(instruction(BPF_ALU64 | BPF_MOV | BPF_X, wanted, type, 0, 0));
    program.push_back(instruction(BPF_ALU64 | BPF_RSH | BPF_K, wanted, 0, 0, 16));
    program.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, type, 0, 0, 0xffff));
    program.push_back(load_word(major_number, offsetof(bpf_cgroup_dev_ctx, major)));
    program.push_back(load_word(minor_number, offsetof(bpf_cgroup_dev_ctx, minor)));
}

/// What a rule does once its device has matched.
std::vector<BpfInstruction> decide(const DeviceRule& rule) {
    std::vector<BpfInstruction> body;
    if (rule.access == device_all_access) {
        add_return(body, rule.allow);
    } else if (rule.allow) {
        // These accesses are settled; the others are up to the rules before this one.
        body.push_back(instruction(BPF_ALU64 | BPF_AND | BPF_K, wanted, 0, 0,
                                   device_all_access & ~std::int64_t{rule.access}));
        body.push_back(instruction(BPF_JMP | BPF_JNE | BPF_K, wanted, 0, 2, 0));
        add_return(body, true);
    } else {
        body.push_back(instruction(BPF_JMP | BPF_JSET | BPF_K, wanted, 0, 1, rule.access));
        body.push_back(instruction(BPF_JMP | BPF_JA, 0, 0, 2, 0));
        add_return(body, false);
    }
    return body;
}

void add_rule(std::vector<BpfInstruction>& program, const DeviceRule& rule) {
    struct Check {
        int target;
        std::int64_t value;
    };
    std::vector<Check> checks;
    if (rule.type != 'a')
        checks.push_back({type, rule.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR});
    if (rule.major >= 0) checks.push_back({major_number, rule.major});
    if (rule.minor >= 0) checks.push_back({minor_number, rule.minor});
    const std::vector<BpfInstruction> body = decide(rule);
    std::size_t left = checks.size();
    for (const Check& check : checks) {
        --left;  // jump over the other checks and the body
        program.push_back(
            instruction(BPF_JMP | BPF_JNE | BPF_K, check.target, 0, left + body.size(), check.value));
    }
    program.insert(program.end(), body.begin(), body.end());
}

bool settles_everything(const DeviceRule& rule) {
    return rule.type == 'a' && rule.major < 0 && rule.minor < 0 && rule.access == device_all_access;
}

}  // namespace

std::vector<BpfInstruction> plan_device_program(const std::vector<DeviceRule>& rules) {
    const std::vector<DeviceRule> kept = simplify_device_rules(rules);
    if (kept.size() == 1 && kept.front().allow && settles_everything(kept.front())) return {};
    std::vector<BpfInstruction> program;
    add_prologue(program);
    // The last rule wins, so it is asked first.
    for (auto rule = kept.rbegin(); rule != kept.rend(); ++rule) {
        add_rule(program, *rule);
        // The kernel refuses instructions that can't be reached.
        if (settles_everything(*rule)) return program;
    }
    add_return(program, false);
    return program;
}

}  // namespace ocirun
