#include "runtime/plan/device_filter.hpp"

#include <linux/bpf.h>

#include <cstring>

#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::spec::DeviceCgroup;
using oci::test::FailsWith;
using oci::test::IsOk;

constexpr std::uint32_t block = BPF_DEVCG_DEV_BLOCK;
constexpr std::uint32_t character = BPF_DEVCG_DEV_CHAR;

/// Executes the few instructions that device filters consist of, strictly: anything else, a jump out
/// of the program or an uninitialised answer is a failed test.
class Interpreter {
public:
    explicit Interpreter(const std::vector<BpfInstruction>& program) : program_(program) {}

    bool allows(std::uint32_t type, std::uint32_t access, std::uint32_t major, std::uint32_t minor) {
        context_ = {.access_type = (access << 16) | type, .major = major, .minor = minor};
        std::size_t at = 0;
        for (int steps = 0; steps < 10000; ++steps) {
            if (at >= program_.size()) {
                ADD_FAILURE() << "ran out of the program at " << at;
                return false;
            }
            bpf_insn instruction{};
            std::memcpy(&instruction, &program_[at], sizeof instruction);
            reached_.resize(program_.size());
            reached_[at] = true;
            if (instruction.code == (BPF_JMP | BPF_EXIT)) return registers_[0] == 1;
            at = static_cast<std::size_t>(static_cast<std::ptrdiff_t>(at) + 1 + step(instruction));
        }
        ADD_FAILURE() << "does not end";
        return false;
    }

private:
    std::ptrdiff_t step(const bpf_insn& instruction) {
        std::uint64_t& target = registers_[instruction.dst_reg];
        const auto value = static_cast<std::uint64_t>(static_cast<std::int64_t>(instruction.imm));
        switch (instruction.code) {
            case BPF_LDX | BPF_MEM | BPF_W: {
                EXPECT_EQ(instruction.src_reg, BPF_REG_1);
                std::uint32_t word = 0;
                const char* start = reinterpret_cast<const char*>(&context_);
                std::memcpy(&word, start + instruction.off, sizeof word);
                target = word;
                return 0;
            }
            case BPF_ALU64 | BPF_MOV | BPF_K:
                target = value;
                return 0;
            case BPF_ALU64 | BPF_MOV | BPF_X:
                target = registers_[instruction.src_reg];
                return 0;
            case BPF_ALU64 | BPF_RSH | BPF_K:
                target >>= value;
                return 0;
            case BPF_ALU64 | BPF_AND | BPF_K:
                target &= value;
                return 0;
            case BPF_JMP | BPF_JNE | BPF_K:
                return target != value ? instruction.off : 0;
            case BPF_JMP | BPF_JSET | BPF_K:
                return (target & value) != 0 ? instruction.off : 0;
            case BPF_JMP | BPF_JA:
                return instruction.off;
            default:
                ADD_FAILURE() << "unknown instruction " << int{instruction.code};
                return 0;
        }
    }

    const std::vector<BpfInstruction>& program_;
    bpf_cgroup_dev_ctx context_{};
    std::array<std::uint64_t, 11> registers_{};
    std::vector<bool> reached_;
};

DeviceRule rule(bool allow, char type, std::int64_t major, std::int64_t minor, std::uint32_t access) {
    return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access, .origin = "test"};
}

bool asks(const std::vector<DeviceRule>& rules, std::uint32_t type, std::uint32_t access, std::uint32_t major,
          std::uint32_t minor) {
    const auto program = plan_device_program(rules);
    return Interpreter(program).allows(type, access, major, minor);
}

std::vector<std::string> v1_lines(const std::vector<DeviceRule>& rules) {
    const auto writes = plan_v1_device_writes(rules);
    EXPECT_THAT(writes, IsOk());
    std::vector<std::string> lines;
    if (writes)
        for (const auto& write : *writes) lines.push_back(write.file + " " + write.value);
    return lines;
}

TEST(DeviceRules, default_devices_follow_the_configured_ones) {
    const auto rules = plan_device_rules({{.allow = false, .access = "rwm"}}, "linux.resources.devices");
    ASSERT_THAT(rules, IsOk());
    EXPECT_EQ(rules->front().to_text(), "a *:* rwm");
    EXPECT_EQ(rules->front().origin, "linux.resources.devices[0]");
    EXPECT_GT(rules->size(), 10U);
}

TEST(DeviceRules, empty_access_means_every_access) {
    const auto rules = plan_device_rules({{.allow = true, .type = "c", .major = 1, .minor = 3}}, "d");
    ASSERT_THAT(rules, IsOk());
    EXPECT_EQ(rules->front().to_text(), "c 1:3 rwm");
}

TEST(DeviceRules, unknown_type_names_the_rule) {
    EXPECT_THAT(plan_device_rules({{.allow = true, .type = "p"}}, "d"), FailsWith("d[0].type: is \"p\""));
}

TEST(DeviceRules, unknown_access_letter_is_an_error) {
    EXPECT_THAT(plan_device_rules({{.allow = true, .access = "rwx"}}, "d"), FailsWith("d[0].access"));
}

TEST(DeviceRules, number_out_of_range_is_an_error) {
    EXPECT_THAT(plan_device_rules({{.allow = true, .type = "c", .major = 1LL << 40}}, "d"),
                FailsWith("d[0].major"));
}

TEST(DeviceProgram, denies_what_no_rule_names) {
    EXPECT_FALSE(asks({}, character, device_read, 1, 3));
    EXPECT_FALSE(asks({rule(true, 'c', 1, 3, 7)}, character, device_read, 1, 5));
    EXPECT_FALSE(asks({rule(true, 'c', 1, 3, 7)}, block, device_read, 1, 3));
}

TEST(DeviceProgram, allows_exactly_the_listed_accesses) {
    const std::vector<DeviceRule> rules = {rule(true, 'b', 8, 0, device_read)};
    EXPECT_TRUE(asks(rules, block, device_read, 8, 0));
    EXPECT_FALSE(asks(rules, block, device_write, 8, 0));
    EXPECT_FALSE(asks(rules, block, device_read | device_write, 8, 0));
    EXPECT_FALSE(asks(rules, block, device_mknod, 8, 0));
}

TEST(DeviceProgram, later_rule_wins) {
    EXPECT_FALSE(asks({rule(true, 'c', 1, 3, 7), rule(false, 'a', -1, -1, 7)}, character, device_read, 1, 3));
    EXPECT_TRUE(asks({rule(false, 'a', -1, -1, 7), rule(true, 'c', 1, 3, 7)}, character, device_read, 1, 3));
}

TEST(DeviceProgram, hole_in_a_wildcard_is_denied) {
    const std::vector<DeviceRule> rules = {rule(true, 'c', 4, -1, 7), rule(false, 'c', 4, 64, device_write)};
    EXPECT_TRUE(asks(rules, character, device_write, 4, 65));
    EXPECT_TRUE(asks(rules, character, device_read, 4, 64));
    EXPECT_FALSE(asks(rules, character, device_write, 4, 64));
    EXPECT_FALSE(asks(rules, character, device_read | device_write, 4, 64));
}

TEST(DeviceProgram, two_rules_together_allow_a_combined_access) {
    const std::vector<DeviceRule> rules = {rule(true, 'c', 1, -1, device_read),
                                           rule(true, 'c', 1, 3, device_write)};
    EXPECT_TRUE(asks(rules, character, device_read | device_write, 1, 3));
    EXPECT_FALSE(asks(rules, character, device_read | device_write, 1, 4));
}

TEST(DeviceProgram, everything_allowed_needs_no_program) {
    const auto rules = plan_device_rules({{.allow = true, .access = "rwm"}}, "d");
    ASSERT_THAT(rules, IsOk());
    EXPECT_TRUE(plan_device_program(*rules).empty());
}

TEST(DeviceProgram, everything_but_one_device_can_be_allowed) {
    const std::vector<DeviceRule> rules = {rule(true, 'a', -1, -1, 7), rule(false, 'b', 8, 0, 7)};
    EXPECT_FALSE(asks(rules, block, device_mknod, 8, 0));
    EXPECT_TRUE(asks(rules, block, device_mknod, 8, 1));
    EXPECT_TRUE(asks(rules, character, device_write, 8, 0));
}

TEST(DeviceProgram, usual_container_has_its_default_devices_only) {
    const auto rules = plan_device_rules({{.allow = false, .access = "rwm"}}, "d");
    ASSERT_THAT(rules, IsOk());
    EXPECT_TRUE(asks(*rules, character, device_read | device_write, 1, 3));
    EXPECT_TRUE(asks(*rules, character, device_read | device_write, 136, 12));
    EXPECT_TRUE(asks(*rules, character, device_mknod, 240, 7));
    EXPECT_TRUE(asks(*rules, block, device_mknod, 8, 0));
    EXPECT_FALSE(asks(*rules, block, device_read, 8, 0));
    EXPECT_FALSE(asks(*rules, character, device_read, 1, 1));
}

/// The meaning of a list of rules, said once more in the simplest way.
bool reference(const std::vector<DeviceRule>& rules, char type, std::uint32_t access, std::int64_t major,
               std::int64_t minor) {
    for (const std::uint32_t bit : {1U, 2U, 4U}) {
        if ((access & bit) == 0) continue;
        bool allowed = false;
        for (const DeviceRule& one : rules)
            if ((one.type == 'a' || one.type == type) && (one.major < 0 || one.major == major) &&
                (one.minor < 0 || one.minor == minor) && (one.access & bit) != 0)
                allowed = one.allow;
        if (!allowed) return false;
    }
    return true;
}

DeviceRule random_rule(std::uint32_t& state) {
    const auto next = [&](std::uint32_t range) {
        state = state * 1664525U + 1013904223U;
        return (state >> 16) % range;
    };
    return rule(next(2) == 0, "abc"[next(3)], static_cast<std::int64_t>(next(3)) - 1,
                static_cast<std::int64_t>(next(3)) - 1, 1 + next(7));
}

TEST(DeviceProgram, agrees_with_the_plain_meaning_of_random_rules) {
    std::uint32_t state = 42;
    for (int round = 0; round < 2000; ++round) {
        std::vector<DeviceRule> rules;
        for (int i = 0; i < round % 7; ++i) rules.push_back(random_rule(state));
        const auto program = plan_device_program(rules);
        for (std::uint32_t question = 0; question < 2 * 7 * 4; ++question) {
            const char type = question % 2 == 0 ? 'b' : 'c';
            const std::uint32_t access = 1 + question / 2 % 7;
            const std::uint32_t major = question / 14 % 2;
            const std::uint32_t minor = question / 28 % 2;
            const bool expected = reference(rules, type, access, major, minor);
            const bool got = program.empty() || Interpreter(program).allows(type == 'b' ? block : character,
                                                                            access, major, minor);
            ASSERT_EQ(got, expected) << "round " << round << " " << type << " " << access << " " << major
                                     << ":" << minor;
        }
    }
}

TEST(DeviceWrites, default_deny_lists_what_is_allowed) {
    EXPECT_THAT(v1_lines({rule(false, 'a', -1, -1, 7), rule(true, 'c', 1, 3, 7)}),
                testing::ElementsAre("devices.deny a", "devices.allow c 1:3 rwm"));
}

TEST(DeviceWrites, everything_allowed_is_one_line) {
    const auto rules = plan_device_rules({{.allow = true, .access = "rwm"}}, "d");
    ASSERT_THAT(rules, IsOk());
    EXPECT_THAT(v1_lines(*rules), testing::ElementsAre("devices.allow a"));
}

TEST(DeviceWrites, denial_takes_back_a_permission) {
    EXPECT_THAT(v1_lines({rule(true, 'c', 1, 3, 7), rule(false, 'c', 1, 3, device_write)}),
                testing::ElementsAre("devices.deny a", "devices.allow c 1:3 rm"));
}

TEST(DeviceWrites, hole_in_a_wildcard_is_an_error) {
    EXPECT_THAT(plan_v1_device_writes({rule(true, 'c', 4, -1, 7), rule(false, 'c', 4, 64, 7)}),
                FailsWith("cgroup v1 cannot express it"));
}

TEST(DeviceWrites, all_types_with_a_number_name_both_kinds) {
    EXPECT_THAT(v1_lines({rule(true, 'a', 7, -1, device_read)}),
                testing::ElementsAre("devices.deny a", "devices.allow b 7:* r", "devices.allow c 7:* r"));
}

TEST(SimplifyDeviceRules, overruled_rules_are_dropped) {
    const auto kept = simplify_device_rules({rule(true, 'c', 1, 3, 7), rule(true, 'c', 1, 3, device_read),
                                             rule(false, 'c', 1, 3, 7), rule(true, 'c', -1, -1, 7)});
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept.front().to_text(), "c *:* rwm");
}

}  // namespace
}  // namespace ocirun
