#pragma once
// A case: one question to a tool. It runs in a process and in namespaces of its own (harness/sandbox.hpp), so
// it may leave whatever it likes behind, and it ends early by ending its process.

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/harness/bundle.hpp"
#include "conformance/harness/command.hpp"
#include "conformance/harness/result.hpp"
#include "conformance/harness/tool_profile.hpp"

namespace conformance {

/// The world a case runs in. The first one is the machine as it is; the others change one thing.
enum class View { as_mounted, cgroup_v2, old_kernel, rootless };
inline constexpr std::array all_views{View::as_mounted, View::cgroup_v2, View::old_kernel, View::rootless};
const char* view_name(View view);

/// What a case is given.
struct Setting {
    const ToolProfile* tool = nullptr;
    std::string probe;     // path of the probe program
    std::string work;      // an empty directory of this case
    std::string name;      // a name that no other case of this machine has
    std::string max_spec;  // newest specification the tool knows ("1.2.0")
    std::string data;      // directory of requirements/ and tools/
    std::string texts;     // directory of the specifications with their schemas; empty: not at hand
    View view = View::as_mounted;
    int report_fd = -1;
};

class Case {
public:
    Case(Setting setting, std::string name) : setting_(std::move(setting)), name_(std::move(name)) {}
    /// "SECTION/QUESTION".
    [[nodiscard]] const std::string& name() const { return name_; }

    /// A new bundle below the case's directory.
    Bundle bundle(const std::string& name = "bundle");
    [[nodiscard]] const Setting& setting() const { return setting_; }
    [[nodiscard]] const ToolProfile& tool() const { return *setting_.tool; }
    [[nodiscard]] std::string path(const std::string& below) const { return setting_.work + "/" + below; }
    /// A name for a container or cgroup; `suffix` tells several of a case apart.
    [[nodiscard]] std::string unique(const std::string& suffix = "") const { return setting_.name + suffix; }

    /// Runs a verb of the tool and keeps it in the report.
    CommandResult call(const std::string& verb, Placeholders values,
                       const std::vector<std::string>& extra = {}, const CommandInput& input = {});
    /// Writes the configuration, runs the container to its end, and returns what the probe printed.
    Json facts(const Bundle& bundle, const std::vector<std::string>& extra = {});
    /// The same without a look at the output.
    CommandResult run(const Bundle& bundle, const std::vector<std::string>& extra = {});
    /// `create` of this bundle is an error, and no container is left.
    void refused(const Bundle& bundle, const std::string& what);

    void check(bool ok, const std::string& what, const std::string& observed = "");
    /// `expected` is JSON text.
    void equal(const std::string& what, const Json& observed, std::string_view expected);
    void equal(const std::string& what, const std::string& observed, const std::string& expected);
    /// Whether an array of strings holds a word.
    void holds(const std::string& what, const Json& array, std::string_view word);
    void lacks(const std::string& what, const Json& array, std::string_view word);

    /// Ends the case unless `ok`: what follows would make no sense.
    void need(bool ok, const std::string& what, const std::string& observed = "");
    [[noreturn]] void skip(const std::string& reason);
    /// Holds a document against a schema of the specifications; nothing when they are not at hand.
    void follows_schema(const std::string& what, const std::string& document, const std::string& schema);
    /// Skips the case when the tool knows only older specifications than this.
    void since(const std::string& version);
    /// Reports the verdict and ends the process.
    [[noreturn]] void finish();

    void record_config(std::string text) { result_.config = std::move(text); }

    /// What takes back what `owner` made when the case ends in the middle, by need() or skip().
    void at_end(const void* owner, std::function<void()> cleanup);
    /// `owner` takes care of itself from now on.
    void forget(const void* owner) { cleanups_.erase(owner); }

private:
    Setting setting_;
    std::string name_;
    CaseResult result_;
    std::map<const void*, std::function<void()>> cleanups_;
};

/// The entry of a mount in the probe's facts, the topmost one; null when there is none.
const Json& mount_at(const Json& facts, std::string_view target);

// --- the list of cases -----------------------------------------------------------------------------------

using CaseFunction = void (*)(Case&);

struct CaseEntry {
    std::string name;              // "SECTION/QUESTION"; what it tests stands in requirements/
    std::string kind;              // "runtime" or "image"
    View also = View::as_mounted;  // run again in this view
    CaseFunction function = nullptr;
};

/// All cases in the order of their names.
std::vector<CaseEntry>& all_cases();

struct Registration {
    Registration(const char* name, const char* kind, View also, CaseFunction function);
};

}  // namespace conformance

#define OCI_CASE_NAME_(prefix, line) prefix##line
#define OCI_CASE_NAME(prefix, line) OCI_CASE_NAME_(prefix, line)
#define OCI_CASE(name, kind, also)                                                 \
    static void OCI_CASE_NAME(run_case_, __LINE__)(conformance::Case & c);         \
    static const conformance::Registration OCI_CASE_NAME(registration_, __LINE__)( \
        name, kind, conformance::View::also, OCI_CASE_NAME(run_case_, __LINE__));  \
    static void OCI_CASE_NAME(run_case_, __LINE__)(conformance::Case & c)
/// A question to a runtime; in the body `c` is the Case.
#define RUNTIME_CASE(name) OCI_CASE(name, "runtime", as_mounted)
/// One that depends on the cgroups, and is asked again of cgroup v2.
#define RUNTIME_CASE_OF_CGROUPS(name) OCI_CASE(name, "runtime", cgroup_v2)
/// One that newer system calls matter to, and is asked again without them.
#define RUNTIME_CASE_OF_KERNELS(name) OCI_CASE(name, "runtime", old_kernel)
/// One that an ordinary user's containers are asked again: each gets a user namespace and no cgroup.
#define RUNTIME_CASE_OF_USERS(name) OCI_CASE(name, "runtime", rootless)
/// A question to an image tool.
#define IMAGE_CASE(name) OCI_CASE(name, "image", as_mounted)
