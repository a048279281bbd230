#include "imagetool/dockerfile/expand_instruction.hpp"

#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"
#include "spec/image/platform.hpp"
#include "spec/runtime/names.hpp"

namespace ocimg::dockerfile {

using oci::Result;

namespace {

oci::Error invalid(std::string text) {
    return oci::failure(oci::ErrorCode::invalid, std::move(text));
}

/// Expands the parts of a body in place, and notes the variables it met.
class BodyExpander {
public:
    BodyExpander(const Lookup& lookup, char escape, ExpansionBudget& budget, Expanded& expanded)
        : lookup_(lookup), rules_{.escape = escape}, budget_(budget), expanded_(expanded) {}

    Result<void> operator()(From& from) {
        TRY(word(from.image));
        if (from.image.empty()) return invalid("the image's name is empty once its variables are expanded");
        const bool given = !from.platform.empty();
        TRY(word(from.platform));
        if (!given) return {};
        if (from.platform.empty()) return invalid("--platform is empty once its variables are expanded");
        TRY(oci::spec::parse_platform(from.platform).in("--platform"));
        return {};
    }
    Result<void> operator()(Run& run) {
        for (auto& mount : run.mounts) {
            mount.value = TRY(parse_mount(mount.text, [this](std::string_view text) -> Result<std::string> {
                return TRY(expand(text, rules_)).text;
            }));
        }
        for (auto& device : run.devices) TRY(flag(device, parse_device));
        TRY(flag(run.network, parse_network));
        TRY(flag(run.security, parse_security));
        return {};
    }
    Result<void> operator()(Copy& copy) { return transfer(copy.transfer); }
    Result<void> operator()(Add& add) {
        TRY(word(add.checksum));
        return transfer(add.transfer);
    }
    Result<void> operator()(Arg& arg) {
        for (Argument& argument : arg.arguments) {
            TRY(word(argument.name));
            if (argument.value) TRY(word(*argument.value));
        }
        return {};
    }
    Result<void> operator()(Env& env) { return pairs(env.variables); }
    Result<void> operator()(Label& label) { return pairs(label.labels); }
    Result<void> operator()(Expose& expose) {
        std::vector<std::string> ports;
        WordRules rules = rules_;
        rules.divide = true;
        for (const std::string& port : expose.ports) {
            Expansion expansion = TRY(expand(port, rules));
            for (std::string& one : expansion.words) ports.push_back(std::move(one));
        }
        expose.ports = std::move(ports);
        return {};
    }
    Result<void> operator()(StopSignal& stop) {
        TRY(word(stop.signal));
        if (!oci::spec::signal_number(stop.signal)) {
            return invalid(oci::quote(stop.signal) +
                           " is no signal: a name (SIGTERM, TERM) or a number up to 64 is");
        }
        return {};
    }
    Result<void> operator()(User& user) { return word(user.user); }
    Result<void> operator()(Volume& volume) {
        for (std::string& path : volume.paths) {
            TRY(word(path));
            if (path.empty()) return invalid("a volume's path is empty once its variables are expanded");
        }
        return {};
    }
    Result<void> operator()(Workdir& workdir) { return word(workdir.path); }
    // What these start is expanded by the shell that runs it, a trigger by the build that runs it.
    Result<void> operator()(Cmd&) { return {}; }
    Result<void> operator()(Entrypoint&) { return {}; }
    Result<void> operator()(Healthcheck&) { return {}; }
    Result<void> operator()(OnBuild&) { return {}; }
    Result<void> operator()(Shell&) { return {}; }
    Result<void> operator()(Maintainer&) { return {}; }

private:
    Result<Expansion> expand(std::string_view text, const WordRules& rules) {
        Expansion expansion = TRY(expand_word(text, lookup_, rules, budget_));
        expanded_.used.merge(expansion.used);
        expanded_.unset.merge(expansion.unset);
        return expansion;
    }
    Result<void> word(std::string& text) {
        if (text.empty()) return {};
        text = TRY(expand(text, rules_)).text;
        return {};
    }
    Result<void> pairs(std::vector<KeyValue>& values) {
        for (KeyValue& one : values) {
            TRY(word(one.key));
            TRY(word(one.value));
            if (one.key.empty()) return invalid("a name is empty once its variables are expanded");
        }
        return {};
    }
    template <class T, class Parse>
    Result<void> flag(FlagValue<T>& value, Parse parse) {
        if (value.text.empty()) return {};
        TRY(word(value.text));
        value.value = TRY(parse(std::string_view(value.text)));
        return {};
    }
    Result<void> transfer(Transfer& transfer) {
        TRY(word(transfer.chown));
        TRY(flag(transfer.chmod, ModeChange::parse));
        for (std::string& source : transfer.sources) TRY(word(source));
        for (std::string& exclude : transfer.excludes) TRY(word(exclude));
        TRY(word(transfer.destination));
        if (transfer.destination.empty())
            return invalid("the destination is empty once its variables are expanded");
        for (InlineFile& file : transfer.files) {
            if (!file.expand) continue;
            file.content = TRY(expand(file.content, {.escape = '\\', .keep_quotes = true})).text;
            file.expand = false;
        }
        return {};
    }

    const Lookup& lookup_;
    WordRules rules_;
    ExpansionBudget& budget_;
    Expanded& expanded_;
};

}  // namespace

Result<Expanded> expand_instruction(const Instruction& instruction, const Lookup& lookup, char escape,
                                    ExpansionBudget& budget) {
    Expanded expanded;
    expanded.instruction = instruction;
    TRY(std::visit(BodyExpander(lookup, escape, budget, expanded), expanded.instruction.body));
    return expanded;
}

}  // namespace ocimg::dockerfile
