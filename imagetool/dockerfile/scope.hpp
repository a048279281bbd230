#pragma once
// Which ARG and ENV are in effect at a line: global, predefined and platform arguments, stages. Pure.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "imagetool/dockerfile/expand_instruction.hpp"
#include "spec/image/platform.hpp"

namespace ocimg::dockerfile {

/// What the command line says about arguments.
struct BuildArguments {
    std::map<std::string, std::string, std::less<>> values;  // --build-arg
    oci::spec::Platform target_platform;
    oci::spec::Platform build_platform;
    std::string target_stage;  // the name of the stage that is built; empty: "default"
};

/// Whether an argument needs no ARG line and stays out of history and cache keys: HTTP_PROXY and its kin in
/// both cases.
bool is_proxy_argument(std::string_view name);

/// The arguments that FROM lines see: platform arguments and the ARGs before the first FROM.
class GlobalScope {
public:
    explicit GlobalScope(BuildArguments arguments);

    /// Takes one ARG line before the first FROM. Build arguments win over defaults. Gives the names that its
    /// defaults used without a value.
    oci::Result<std::set<std::string>> define(const Instruction& arg, char escape, ExpansionBudget& budget);
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] Lookup lookup() const;
    [[nodiscard]] const BuildArguments& arguments() const { return arguments_; }
    /// Names that have a value, or were declared by an ARG line.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    BuildArguments arguments_;
    std::map<std::string, std::optional<std::string>, std::less<>> values_;
};

/// The variables of a stage, changed line by line. ENV wins over an ARG of the same name, always.
class StageScope {
public:
    /// `base_env` is the base image's Env ("NAME=value"). `globals` must outlive the scope.
    StageScope(const GlobalScope& globals, const std::vector<std::string>& base_env);
    /// A stage that is built on another stage inherits its variables and arguments.
    StageScope(const GlobalScope& globals, const StageScope& base);

    /// Expands the instruction in this scope, then takes the effect of ARG and ENV. The defaults of an ARG
    /// line see the arguments before them on the line; one that a build argument replaces is not expanded at
    /// all.
    oci::Result<Expanded> enter(const Instruction& instruction, char escape, ExpansionBudget& budget);

    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
    [[nodiscard]] Lookup lookup() const;
    /// "NAME=value" in order of definition: the Env of the image's configuration.
    [[nodiscard]] const std::vector<std::string>& env() const { return env_; }
    /// "NAME=value" of the arguments that have a value and that env() does not set, in order: what RUN gets
    /// beside env().
    [[nodiscard]] std::vector<std::string> args() const;
    /// "NAME=value" of every argument that was declared, with the value that is in effect ("" when there is
    /// none): what the history of a RUN step shows behind "|N".
    [[nodiscard]] std::vector<std::string> history_args() const;
    /// Proxy arguments that were given and not declared: they reach RUN, but neither history nor cache key.
    [[nodiscard]] std::vector<std::string> hidden_args() const;
    /// Names that have a value.
    [[nodiscard]] std::vector<std::string> names() const;

private:
    oci::Result<Expanded> enter_arg(const Instruction& instruction, char escape, ExpansionBudget& budget);
    void set_env(const std::string& name, const std::string& value);
    void set_arg(const std::string& name, const std::optional<std::string>& value);
    [[nodiscard]] const std::string* find_env(std::string_view name) const;

    const GlobalScope* globals_;
    std::vector<std::string> env_;
    std::map<std::string, std::size_t, std::less<>> env_index_;
    std::vector<Argument> args_;
};

}  // namespace ocimg::dockerfile
