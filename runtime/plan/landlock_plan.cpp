#include "runtime/plan/landlock_plan.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "runtime/plan/annotations.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/finding.hpp"
#include "spec/json/reader.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

struct Ruleset {
    std::vector<std::string> handled;
};

struct PathBeneath {
    std::vector<std::string> allowed;
    std::vector<std::string> paths;
};

struct Rules {
    std::vector<PathBeneath> path_beneath;
};

struct Landlock {
    Ruleset ruleset;
    Rules rules;
    bool disable_best_effort = false;
};

/// In the order of the kernel's bits (LANDLOCK_ACCESS_FS_EXECUTE is the first).
constexpr std::array<std::string_view, 16> accesses{"execute",    "write_file",  "read_file", "read_dir",
                                                    "remove_dir", "remove_file", "make_char", "make_dir",
                                                    "make_reg",   "make_sock",   "make_fifo", "make_block",
                                                    "make_sym",   "refer",       "truncate",  "ioctl_dev"};

Result<std::uint64_t> to_mask(const std::vector<std::string>& names, const std::string& origin) {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::size_t bit = 0;
        while (bit < accesses.size() && accesses[bit] != names[i]) ++bit;
        if (bit == accesses.size())
            return oci::failure(ErrorCode::invalid, oci::spec::item_path(origin, i) + ": unknown access " +
                                                        oci::quote(names[i]) +
                                                        ", allowed are Landlock's, execute to ioctl_dev");
        mask |= std::uint64_t{1} << bit;
    }
    return mask;
}

}  // namespace

}  // namespace ocirun

namespace oci::spec {

template <>
struct FieldsOf<ocirun::Ruleset> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) { fields.optional("handledAccessFS", self.handled); }
};

template <>
struct FieldsOf<ocirun::PathBeneath> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) {
        fields.required("allowedAccess", self.allowed);
        fields.required("paths", self.paths);
    }
};

template <>
struct FieldsOf<ocirun::Rules> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) { fields.optional("pathBeneath", self.path_beneath); }
};

template <>
struct FieldsOf<ocirun::Landlock> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) {
        fields.required("ruleset", self.ruleset);
        fields.optional("rules", self.rules);
        fields.optional("disableBestEffort", self.disable_best_effort);
    }
};

}  // namespace oci::spec

namespace ocirun {

Result<LandlockPlan> plan_landlock(const std::string& text) {
    const std::string origin = "annotations: " + std::string(landlock_annotation);
    const Landlock landlock = TRY(oci::spec::read_json<Landlock>(text, origin));
    LandlockPlan plan;
    plan.best_effort = !landlock.disable_best_effort;
    plan.handled = TRY(to_mask(landlock.ruleset.handled, origin + ": ruleset.handledAccessFS"));
    if (plan.handled == 0)
        return oci::failure(ErrorCode::invalid, origin + ": ruleset.handledAccessFS: must not be empty");
    const auto& rules = landlock.rules.path_beneath;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        LandlockRule rule;
        rule.origin = oci::spec::item_path(origin + ": rules.pathBeneath", i);
        rule.allowed = TRY(to_mask(rules[i].allowed, rule.origin + ".allowedAccess"));
        if ((rule.allowed & ~plan.handled) != 0)
            return oci::failure(
                ErrorCode::invalid,
                rule.origin + ".allowedAccess: allows what ruleset.handledAccessFS does not handle");
        rule.paths = rules[i].paths;
        for (std::size_t k = 0; k < rule.paths.size(); ++k) {
            if (!rule.paths[k].empty() && rule.paths[k].front() == '/') continue;
            return oci::failure(ErrorCode::invalid, oci::spec::item_path(rule.origin + ".paths", k) +
                                                        ": must be an absolute path, found " +
                                                        oci::quote(rule.paths[k]));
        }
        plan.rules.push_back(std::move(rule));
    }
    return plan;
}

}  // namespace ocirun
