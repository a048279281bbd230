#include "runtime/container/bundle.hpp"

#include <fcntl.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "runtime/hooks/hook_state.hpp"
#include "spec/runtime/config_json.hpp"

namespace ocirun {

using oci::ErrorCode;
using oci::Result;

namespace {

constexpr std::size_t config_limit = std::size_t{16} << 20U;

}  // namespace

Result<Bundle> open_bundle(const std::string& path, const std::string& config_file) {
    Bundle bundle;
    bundle.path = TRY(oci::absolute_path(path.empty() ? "." : path));
    const oci::Fd directory = TRY(oci::open_file(bundle.path, O_PATH | O_DIRECTORY).in("bundle"));
    const std::string name = config_file.empty() ? "config.json" : config_file;
    const std::string shown = config_file.empty() ? bundle.path + "/config.json" : config_file;
    const oci::BorrowedFd base = config_file.empty() ? directory.borrow() : oci::current_directory;
    auto text = oci::read_file(base, name, config_limit);
    if (!text) {
        if (text.error().code == ErrorCode::not_found) {
            return oci::system_failure(text.error().system_errno,
                                       "JSON specification file " + shown + " not found");
        }
        return text.error().in("bundle " + bundle.path);
    }
    bundle.config_text = std::move(*text);
    bundle.config = TRY(oci::spec::load_runtime_config(bundle.config_text, shown));
    return bundle;
}

Result<HookPlan> recorded_hooks(const StateDirectory& directory, const RecordedState& record) {
    const std::string text = TRY(directory.read(config_copy, config_limit));
    const auto config = TRY(oci::spec::parse_runtime_config(text, config_copy));
    HookPlan hooks = TRY(plan_hooks(config));
    redirect_hooks(hooks, record.hook_output, record.hook_errors);
    return hooks;
}

std::string recorded_hook_state(const RecordedState& record, const std::string& status) {
    ContainerPlan plan;
    plan.id = record.id;
    plan.bundle = record.bundle;
    plan.annotations = record.annotations;
    return hook_state_json(plan, status, status == "stopped" ? 0 : record.pid);
}

}  // namespace ocirun
