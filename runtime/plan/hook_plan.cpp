#include "runtime/plan/hook_plan.hpp"

#include "base/text.hpp"
#include "spec/json/finding.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

Result<PlannedHook> plan_hook(const oci::spec::Hook& hook, const std::string& origin) {
    if (hook.path.empty() || hook.path.front() != '/') {
        return oci::failure(ErrorCode::invalid,
                            origin + ".path: must be an absolute path, found " + oci::quote(hook.path));
    }
    if (hook.timeout && *hook.timeout <= 0) {
        return oci::failure(ErrorCode::invalid, origin + ".timeout: must be greater than zero, found " +
                                                    std::to_string(*hook.timeout));
    }
    PlannedHook planned;
    planned.path = hook.path;
    planned.arguments = hook.args;
    if (planned.arguments.empty()) planned.arguments.push_back(hook.path);
    planned.environment = hook.env;
    if (hook.timeout) planned.timeout = std::chrono::seconds(*hook.timeout);
    planned.origin = origin;
    return planned;
}

Result<std::vector<PlannedHook>> plan_kind(const std::vector<oci::spec::Hook>& hooks, const char* kind) {
    std::vector<PlannedHook> planned;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
        planned.push_back(TRY(plan_hook(hooks[i], oci::spec::item_path(std::string("hooks.") + kind, i))));
    }
    return planned;
}

}  // namespace

Result<HookPlan> plan_hooks(const oci::spec::RuntimeConfig& config) {
    HookPlan plan;
    if (!config.hooks) return plan;
    const oci::spec::Hooks& hooks = *config.hooks;
    plan.prestart = TRY(plan_kind(hooks.prestart, "prestart"));
    plan.create_runtime = TRY(plan_kind(hooks.create_runtime, "createRuntime"));
    plan.create_container = TRY(plan_kind(hooks.create_container, "createContainer"));
    plan.start_container = TRY(plan_kind(hooks.start_container, "startContainer"));
    // These belong to the container: what the runtime was started with is none of their business.
    for (PlannedHook& hook : plan.start_container)
        if (hook.environment.empty() && config.process) hook.environment = config.process->env;
    plan.poststart = TRY(plan_kind(hooks.poststart, "poststart"));
    plan.poststop = TRY(plan_kind(hooks.poststop, "poststop"));
    return plan;
}

void redirect_hooks(HookPlan& plan, const std::string& output_file, const std::string& error_file) {
    for (auto* hooks : {&plan.prestart, &plan.create_runtime, &plan.poststart, &plan.poststop}) {
        for (PlannedHook& hook : *hooks) {
            hook.output_file = output_file;
            hook.error_file = error_file;
        }
    }
}

}  // namespace ocirun
