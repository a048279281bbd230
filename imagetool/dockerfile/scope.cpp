#include "imagetool/dockerfile/scope.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace ocimg::dockerfile {

using oci::Result;

namespace {

/// Expands the defaults of an ARG line one by one. `override_of` gives what replaces a default, `define`
/// takes each.
template <class Override, class Define>
Result<Expanded> expand_arg(const Instruction& line, char escape, ExpansionBudget& budget,
                            const Lookup& lookup, Override override_of, Define define) {
    Expanded expanded;
    expanded.instruction = line;
    for (Argument& argument : std::get<Arg>(expanded.instruction.body).arguments) {
        const auto expand = [&](std::string& text) -> Result<void> {
            Expansion expansion = TRY(expand_word(text, lookup, {.escape = escape}, budget));
            text = std::move(expansion.text);
            expanded.used.merge(expansion.used);
            expanded.unset.merge(expansion.unset);
            return {};
        };
        TRY(expand(argument.name));
        if (argument.name.empty())
            return oci::failure(oci::ErrorCode::invalid, "a name is empty once its variables are expanded");
        if (auto value = override_of(argument)) {
            argument.value = std::move(value);
        } else if (argument.value) {
            TRY(expand(*argument.value));
        }
        define(argument);
    }
    return expanded;
}

void add_platform(std::map<std::string, std::optional<std::string>, std::less<>>& values,
                  const std::string& prefix, const oci::spec::Platform& platform) {
    values[prefix + "PLATFORM"] = oci::spec::to_text(platform);
    values[prefix + "OS"] = platform.os;
    values[prefix + "OSVERSION"] = platform.os_version;
    values[prefix + "ARCH"] = platform.architecture;
    values[prefix + "VARIANT"] = platform.variant;
}

}  // namespace

bool is_proxy_argument(std::string_view name) {
    for (const std::string_view lower : {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"})
        if (name == lower || name == oci::to_upper(lower)) return true;
    return false;
}

GlobalScope::GlobalScope(BuildArguments arguments) : arguments_(std::move(arguments)) {
    add_platform(values_, "TARGET", arguments_.target_platform);
    add_platform(values_, "BUILD", arguments_.build_platform);
    values_["TARGETSTAGE"] = arguments_.target_stage.empty() ? "default" : arguments_.target_stage;
    for (auto& [name, value] : values_)
        if (const auto given = arguments_.values.find(name); given != arguments_.values.end())
            value = given->second;
}

Result<std::set<std::string>> GlobalScope::define(const Instruction& arg, char escape,
                                                  ExpansionBudget& budget) {
    const auto override_of = [&](const Argument& argument) -> std::optional<std::string> {
        const auto given = arguments_.values.find(argument.name);
        if (given == arguments_.values.end()) return std::nullopt;
        return given->second;
    };
    const auto take = [&](const Argument& argument) {
        const bool known = values_.contains(argument.name);
        if (argument.value || !known) values_[argument.name] = argument.value;
    };
    return TRY(expand_arg(arg, escape, budget, lookup(), override_of, take)).unset;
}

std::optional<std::string> GlobalScope::find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::nullopt : found->second;
}

Lookup GlobalScope::lookup() const {
    return [this](std::string_view name) { return find(name); };
}

std::vector<std::string> GlobalScope::names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values_) names.push_back(name);
    return names;
}

StageScope::StageScope(const GlobalScope& globals, const std::vector<std::string>& base_env)
    : globals_(&globals) {
    for (const std::string& variable : base_env) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos) {
            set_env(variable, "");
        } else {
            set_env(variable.substr(0, equals), variable.substr(equals + 1));
        }
    }
}

StageScope::StageScope(const GlobalScope& globals, const StageScope& base) : StageScope(base) {
    globals_ = &globals;
}

void StageScope::set_env(const std::string& name, const std::string& value) {
    const auto [found, added] = env_index_.emplace(name, env_.size());
    if (added) env_.emplace_back();
    env_[found->second] = name + "=" + value;
}

void StageScope::set_arg(const std::string& name, const std::optional<std::string>& value) {
    const auto known = std::find_if(args_.begin(), args_.end(),
                                    [&](const Argument& argument) { return argument.name == name; });
    if (known == args_.end()) {
        args_.push_back({name, value});
    } else if (value) {
        known->value = value;
    }
}

Result<Expanded> StageScope::enter_arg(const Instruction& instruction, char escape, ExpansionBudget& budget) {
    const auto override_of = [&](const Argument& argument) -> std::optional<std::string> {
        const auto& given = globals_->arguments().values;
        if (const auto found = given.find(argument.name); found != given.end()) return found->second;
        return argument.value ? std::nullopt : globals_->find(argument.name);
    };
    const auto take = [&](const Argument& argument) { set_arg(argument.name, argument.value); };
    return expand_arg(instruction, escape, budget, lookup(), override_of, take);
}

Result<Expanded> StageScope::enter(const Instruction& instruction, char escape, ExpansionBudget& budget) {
    if (std::holds_alternative<Arg>(instruction.body)) return enter_arg(instruction, escape, budget);
    Expanded expanded = TRY(expand_instruction(instruction, lookup(), escape, budget));
    if (const auto* env = std::get_if<Env>(&expanded.instruction.body))
        for (const KeyValue& variable : env->variables) set_env(variable.key, variable.value);
    return expanded;
}

/// "NAME=value" of the variable.
const std::string* StageScope::find_env(std::string_view name) const {
    const auto found = env_index_.find(name);
    return found == env_index_.end() ? nullptr : &env_[found->second];
}

std::optional<std::string> StageScope::find(std::string_view name) const {
    if (const std::string* variable = find_env(name)) return variable->substr(name.size() + 1);
    for (const Argument& argument : args_)
        if (argument.name == name) return argument.value;
    return std::nullopt;
}

Lookup StageScope::lookup() const {
    return [this](std::string_view name) { return find(name); };
}

std::vector<std::string> StageScope::args() const {
    std::vector<std::string> values;
    for (const Argument& argument : args_)
        if (argument.value && find_env(argument.name) == nullptr)
            values.push_back(argument.name + "=" + *argument.value);
    return values;
}

std::vector<std::string> StageScope::history_args() const {
    std::vector<std::string> values;
    for (const Argument& argument : args_)
        values.push_back(argument.name + "=" + find(argument.name).value_or(""));
    return values;
}

std::vector<std::string> StageScope::hidden_args() const {
    std::vector<std::string> values;
    for (const auto& [name, value] : globals_->arguments().values) {
        if (!is_proxy_argument(name) || find(name)) continue;
        values.push_back(name + "=" + value);
    }
    return values;
}

std::vector<std::string> StageScope::names() const {
    std::vector<std::string> names;
    for (const auto& [name, index] : env_index_) names.push_back(name);
    for (const Argument& argument : args_)
        if (argument.value) names.push_back(argument.name);
    return names;
}

}  // namespace ocimg::dockerfile
