#include "imagetool/buildfile/read_step.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "imagetool/buildfile/read_files.hpp"
#include "imagetool/dockerfile/duration.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"
#include "imagetool/dockerfile/parse_dockerfile.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"

namespace ocimg::buildfile {

using namespace dockerfile;
using oci::quote;
using oci::Result;
using Keys = std::array<std::string_view, 5>;

namespace {

Result<std::vector<Heredoc>> read_heredocs(const YamlReader& reader, const YamlNode& node) {
    std::vector<Heredoc> heredocs;
    if (node.kind != YamlKind::list) return reader.fail(node, "heredocs is no list");
    for (const YamlNode& item : node.items) {
        static constexpr Keys keys = {"name", "content", "expand", "chomp", "fd"};
        TRY(reader.check_keys(item, "a heredoc", keys));
        Heredoc heredoc;
        heredoc.name = TRY(reader.string_of(item, "name"));
        if (heredoc.name.empty()) return reader.fail(item, "a heredoc has no name");
        heredoc.content = TRY(reader.string_of(item, "content"));
        heredoc.expand = TRY(reader.boolean_of(item, "expand")).value_or(true);
        heredoc.chomp = TRY(reader.boolean_of(item, "chomp")).value_or(false);
        const std::string fd = TRY(reader.string_of(item, "fd"));
        heredoc.file_descriptor = oci::parse_integer<std::uint32_t>(fd).value_or(0);
        heredocs.push_back(std::move(heredoc));
    }
    return heredocs;
}

/// A text is for the shell, a list is the argument vector.
Result<Command> read_command(const YamlReader& reader, const YamlNode& node) {
    Command command;
    if (node.kind == YamlKind::list) {
        command.words = TRY(reader.strings(node, "a command"));
        return command;
    }
    command.shell_form = true;
    if (std::string text = TRY(reader.string(node, "a command")); !text.empty())
        command.words.push_back(std::move(text));
    return command;
}

/// "type=cache,target=/x", or the same as a map.
Result<std::string> mount_text(const YamlReader& reader, const YamlNode& node) {
    if (node.kind != YamlKind::map) return reader.string(node, "a mount");
    std::string text;
    for (const auto& [key, value] : node.entries) {
        std::string field = key;
        if (value.kind != YamlKind::null) field += "=" + TRY(reader.string(value, key));
        if (field.find_first_of(",\"") != std::string::npos) {
            std::string quoted = "\"";
            for (const char c : field) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
            field = quoted + "\"";
        }
        text += (text.empty() ? "" : ",") + field;
    }
    return text;
}

template <class T, class Parse>
Result<FlagValue<T>> read_flag(const YamlReader& reader, const YamlNode& node, const std::string& text,
                               Parse parse) {
    FlagValue<T> flag{.text = text, .value = std::nullopt};
    if (flag.text.empty() || flag.text.find('$') != std::string::npos) return flag;
    flag.value = TRY(reader.at(node, parse(std::string_view(flag.text))));
    return flag;
}

Result<Body> read_run(const YamlReader& reader, const YamlNode& node) {
    Run run;
    if (node.kind != YamlKind::map) {
        run.command = TRY(read_command(reader, node));
    } else {
        static constexpr std::array<std::string_view, 6> keys = {"command", "heredocs", "mounts",
                                                                 "network", "security", "devices"};
        TRY(reader.check_keys(node, "run", keys));
        if (const YamlNode* command = node.find("command")) run.command = TRY(read_command(reader, *command));
        if (const YamlNode* heredocs = node.find("heredocs"))
            run.command.heredocs = TRY(read_heredocs(reader, *heredocs));
        if (const YamlNode* mounts = node.find("mounts")) {
            if (mounts->kind != YamlKind::list) return reader.fail(*mounts, "mounts is no list");
            for (const YamlNode& item : mounts->items) {
                FlagValue<Mount> mount{.text = TRY(mount_text(reader, item)), .value = std::nullopt};
                mount.value = TRY(reader.at(item, parse_mount(mount.text)));
                run.mounts.push_back(std::move(mount));
            }
        }
        const YamlNode* devices = node.find("devices");
        for (const std::string& text : TRY(reader.strings_of(node, "devices")))
            run.devices.push_back(TRY(read_flag<RunDevice>(reader, *devices, text, parse_device)));
        run.network =
            TRY(read_flag<RunNetwork>(reader, node, TRY(reader.string_of(node, "network")), parse_network));
        run.security = TRY(
            read_flag<RunSecurity>(reader, node, TRY(reader.string_of(node, "security")), parse_security));
    }
    if (run.command.words.empty()) return reader.fail(node, "run has no command");
    return Body(std::move(run));
}

/// A map of names and values, or a list of {name, value} where the same name may stand twice.
Result<std::vector<KeyValue>> read_pairs(const YamlReader& reader, const YamlNode& node) {
    std::vector<KeyValue> pairs;
    if (node.kind == YamlKind::map) {
        for (const auto& [name, value] : node.entries)
            pairs.push_back({name, TRY(reader.string(value, name))});
    } else if (node.kind == YamlKind::list) {
        for (const YamlNode& item : node.items) {
            static constexpr std::array<std::string_view, 2> keys = {"name", "value"};
            TRY(reader.check_keys(item, "a name and its value", keys));
            pairs.push_back({TRY(reader.string_of(item, "name")), TRY(reader.string_of(item, "value"))});
        }
    }
    if (pairs.empty()) return reader.fail(node, "no map of names and values");
    for (const KeyValue& pair : pairs)
        if (pair.key.empty()) return reader.fail(node, "a name is empty");
    return pairs;
}

Result<Body> read_env(const YamlReader& reader, const YamlNode& node) {
    return Body(Env{TRY(read_pairs(reader, node)), false});
}
Result<Body> read_env_legacy(const YamlReader& reader, const YamlNode& node) {
    return Body(Env{TRY(read_pairs(reader, node)), true});
}
Result<Body> read_label(const YamlReader& reader, const YamlNode& node) {
    return Body(Label{TRY(read_pairs(reader, node)), false});
}
Result<Body> read_label_legacy(const YamlReader& reader, const YamlNode& node) {
    return Body(Label{TRY(read_pairs(reader, node)), true});
}
Result<Body> read_arg(const YamlReader& reader, const YamlNode& node) {
    return Body(TRY(read_arguments(reader, node)));
}
Result<Body> read_cmd(const YamlReader& reader, const YamlNode& node) {
    return Body(Cmd{TRY(read_command(reader, node))});
}
Result<Body> read_entrypoint(const YamlReader& reader, const YamlNode& node) {
    return Body(Entrypoint{TRY(read_command(reader, node))});
}

Result<std::optional<std::int64_t>> duration_of(const YamlReader& reader, const YamlNode& map,
                                                std::string_view key) {
    std::optional<std::int64_t> duration;
    const YamlNode* node = map.find(key);
    if (node == nullptr) return duration;
    duration = TRY(reader.at(*node, parse_duration(TRY(reader.string(*node, key)))));
    if (*duration != 0 && *duration < 1'000'000) return reader.fail(*node, "it can be 0 or at least 1ms");
    return duration;
}

Result<Body> read_healthcheck(const YamlReader& reader, const YamlNode& node) {
    Healthcheck check;
    if (node.kind == YamlKind::scalar && node.text == "none") {
        check.none = true;
        return Body(check);
    }
    static constexpr std::array<std::string_view, 6> keys = {"command",      "interval",       "timeout",
                                                             "start-period", "start-interval", "retries"};
    TRY(reader.check_keys(node, "healthcheck", keys));
    if (const YamlNode* command = node.find("command")) check.command = TRY(read_command(reader, *command));
    if (check.command.words.empty()) return reader.fail(node, "healthcheck has no command");
    check.interval = TRY(duration_of(reader, node, "interval"));
    check.timeout = TRY(duration_of(reader, node, "timeout"));
    check.start_period = TRY(duration_of(reader, node, "start-period"));
    check.start_interval = TRY(duration_of(reader, node, "start-interval"));
    if (const YamlNode* retries = node.find("retries")) {
        check.retries = oci::parse_integer<std::int32_t>(TRY(reader.string(*retries, "retries")));
        if (!check.retries || *check.retries < 0) return reader.fail(*retries, "retries is no number from 0");
    }
    return Body(std::move(check));
}

Result<Body> read_onbuild(const YamlReader& reader, const YamlNode& node) {
    OnBuild onbuild;
    onbuild.text = TRY(reader.string(node, "onbuild"));
    Instruction trigger = TRY(reader.at(node, parse_trigger(onbuild.text, "onbuild")));
    onbuild.trigger = std::make_shared<const Instruction>(std::move(trigger));
    return Body(std::move(onbuild));
}

template <class T>
Result<Body> read_text(const YamlReader& reader, const YamlNode& node) {
    std::string text = TRY(reader.string(node, "the value"));
    if (text.empty()) return reader.fail(node, "the value is empty");
    return Body(T{std::move(text)});
}

template <class T>
Result<Body> read_list(const YamlReader& reader, const YamlNode& node) {
    T list{TRY(reader.strings(node, "the value"))};
    const auto& [values] = list;
    if (values.empty() || std::find(values.begin(), values.end(), "") != values.end())
        return reader.fail(node, "the list is empty, or an item of it is");
    return Body(std::move(list));
}

struct Step {
    std::string_view key;
    Result<Body> (*read)(const YamlReader&, const YamlNode&) = nullptr;
};

constexpr std::array<Step, 20> steps = {{
    {"run", read_run},
    {"copy", read_copy},
    {"add", read_add},
    {"import", read_import},
    {"arg", read_arg},
    {"env", read_env},
    {"env-legacy", read_env_legacy},
    {"label", read_label},
    {"label-legacy", read_label_legacy},
    {"cmd", read_cmd},
    {"entrypoint", read_entrypoint},
    {"expose", read_list<Expose>},
    {"healthcheck", read_healthcheck},
    {"onbuild", read_onbuild},
    {"shell", read_list<Shell>},
    {"stopsignal", read_text<StopSignal>},
    {"user", read_text<User>},
    {"volume", read_list<Volume>},
    {"workdir", read_text<Workdir>},
    {"maintainer", read_text<Maintainer>},
}};

}  // namespace

Result<Arg> read_arguments(const YamlReader& reader, const YamlNode& node) {
    Arg arg;
    if (node.kind != YamlKind::list || node.items.empty()) return reader.fail(node, "arguments are no list");
    for (const YamlNode& item : node.items) {
        Argument argument;
        if (item.kind == YamlKind::map) {
            static constexpr std::array<std::string_view, 2> keys = {"name", "default"};
            TRY(reader.check_keys(item, "an argument", keys));
            argument.name = TRY(reader.string_of(item, "name"));
            if (const YamlNode* value = item.find("default"))
                argument.value = TRY(reader.string(*value, "default"));
        } else {
            argument.name = TRY(reader.string(item, "an argument"));
        }
        if (argument.name.empty()) return reader.fail(item, "an argument has no name");
        arg.arguments.push_back(std::move(argument));
    }
    return arg;
}

Result<std::vector<std::string>> read_skipped(const YamlReader& reader, const YamlNode& map) {
    std::vector<std::string> names;
    for (const std::string& name : TRY(reader.strings_of(map, "skip-checks")))
        names.push_back(oci::to_lower(name));
    return names;
}

Result<Instruction> read_step(const YamlReader& reader, const YamlNode& step) {
    std::vector<std::string_view> keys;
    keys.reserve(std::size(steps) + 1);
    for (const Step& one : steps) keys.push_back(one.key);
    keys.emplace_back("skip-checks");
    TRY(reader.check_keys(step, "a step", keys));
    Instruction instruction;
    bool found = false;
    for (const auto& [key, value] : step.entries) {
        const auto known = std::find_if(steps.begin(), steps.end(),
                                        [&name = key](const Step& one) { return one.key == name; });
        if (known == steps.end()) continue;
        if (found) return reader.fail(value, "a step is one instruction; " + quote(key) + " is a second one");
        found = true;
        instruction.body = TRY(known->read(reader, value));
    }
    if (!found) return reader.fail(step, "a step names no instruction");
    instruction.lines = {step.place.line, step.place.line};
    instruction.keyword = instruction_name(instruction);
    instruction.text = instruction.keyword;
    instruction.skipped_checks = TRY(read_skipped(reader, step));
    return instruction;
}

}  // namespace ocimg::buildfile
