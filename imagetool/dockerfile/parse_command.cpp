// RUN, CMD, ENTRYPOINT, HEALTHCHECK and SHELL: what starts programs.

#include <array>
#include <utility>

#include "base/text.hpp"
#include "imagetool/dockerfile/duration.hpp"
#include "imagetool/dockerfile/nearest_name.hpp"
#include "imagetool/dockerfile/parse_instruction.hpp"

namespace ocimg::dockerfile {

using oci::quote;
using oci::Result;

namespace {

/// JSON form gives an argument vector, anything else a text for the shell.
Result<Command> parse_command(const Statement& statement, std::string_view text, std::size_t offset) {
    Command command;
    auto words = TRY(json_words(statement, text, offset));
    if (words) {
        for (Word& word : *words) command.words.push_back(std::move(word.text));
        return command;
    }
    command.shell_form = true;
    if (!text.empty()) command.words.emplace_back(text);
    command.heredocs = statement.heredocs;
    return command;
}

template <class T>
struct Named {
    std::string_view name;
    T value;
};

template <class T, std::size_t N>
Result<T> one_of(std::string_view text, std::string_view what, const std::array<Named<T>, N>& values) {
    std::string allowed;
    std::vector<std::string_view> names;
    for (const Named<T>& one : values) {
        if (one.name == text) return one.value;
        allowed += (allowed.empty() ? "" : ", ") + std::string(one.name);
        names.push_back(one.name);
    }
    return oci::failure(oci::ErrorCode::invalid, quote(text) + " is no " + std::string(what) +
                                                     ", allowed are " + allowed + did_you_mean(text, names));
}

constexpr std::array<Named<RunNetwork>, 3> networks = {
    {{"default", RunNetwork::default_network}, {"none", RunNetwork::none}, {"host", RunNetwork::host}}};
constexpr std::array<Named<RunSecurity>, 2> securities = {
    {{"sandbox", RunSecurity::sandbox}, {"insecure", RunSecurity::insecure}}};

/// --mount: as far as it can be known before its variables are.
Result<FlagValue<Mount>> mount_value(const Statement& statement, const Word& word) {
    FlagValue<Mount> value{.text = word.text, .value = std::nullopt};
    value.value = TRY(statement.at(word.offset, parse_mount(word.text)));
    return value;
}

Result<std::optional<std::int64_t>> interval_of(const Statement& statement, const Flags& flags,
                                                std::string_view name) {
    std::optional<std::int64_t> interval;
    if (!flags.given(name)) return interval;
    interval = TRY(statement.at(flags.offset(name), parse_duration(flags.text(name))));
    constexpr std::int64_t shortest = 1'000'000;
    if (*interval != 0 && *interval < shortest) {
        return statement.fail(flags.offset(name), "--" + std::string(name) + " is " + flags.text(name) +
                                                      ", it can be 0 or at least 1ms");
    }
    return interval;
}

Result<std::optional<std::int64_t>> retries_of(const Statement& statement, const Flags& flags) {
    std::optional<std::int64_t> retries;
    if (!flags.given("retries")) return retries;
    retries = oci::parse_integer<std::int32_t>(flags.text("retries"));
    if (!retries || *retries < 0) {
        return statement.fail(flags.offset("retries"),
                              "--retries is " + quote(flags.text("retries")) + ", it can be a number from 0");
    }
    return retries;
}

}  // namespace

Result<RunNetwork> parse_network(std::string_view text) {
    return one_of(text, "network of RUN", networks);
}

Result<RunSecurity> parse_security(std::string_view text) {
    return one_of(text, "security mode of RUN", securities);
}

std::string_view to_text(RunNetwork network) {
    for (const auto& one : networks)
        if (one.value == network) return one.name;
    return "";
}

std::string_view to_text(RunSecurity security) {
    for (const auto& one : securities)
        if (one.value == security) return one.name;
    return "";
}

Result<RunDevice> parse_device(std::string_view text) {
    RunDevice device;
    for (const std::string& field : TRY(comma_separated(text))) {
        const std::string_view view = field;
        if (view == "required" || view == "required=true") {
            device.required = true;
        } else if (view == "required=false") {
            device.required = false;
        } else if (device.name.empty()) {
            device.name = view.substr(view.starts_with("name=") ? 5 : 0);
        } else {
            return oci::failure(oci::ErrorCode::invalid,
                                quote(view) + " is no option of a device: required is");
        }
    }
    const std::size_t slash = device.name.find('/');
    const bool known_letters =
        device.name.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/=") == std::string::npos;
    if (slash == std::string::npos || slash == 0 || slash + 1 == device.name.size() || !known_letters) {
        return oci::failure(oci::ErrorCode::invalid,
                            quote(device.name) + " is no device: VENDOR/CLASS or VENDOR/CLASS=NAME is");
    }
    return device;
}

Result<Body> parse_run(const Statement& statement) {
    static constexpr std::array<FlagSpec, 4> known = {
        {{"mount", FlagKind::list}, {"network"}, {"security"}, {"device", FlagKind::list}}};
    const Flags flags = TRY(Flags::read(statement, known));
    Run run;
    for (const Word& word : flags.list("mount")) run.mounts.push_back(TRY(mount_value(statement, word)));
    for (const Word& word : flags.list("device"))
        run.devices.push_back(TRY(flag_value<RunDevice>(statement, word, parse_device)));
    run.network = TRY(
        flag_value<RunNetwork>(statement, {flags.text("network"), flags.offset("network")}, parse_network));
    run.security = TRY(flag_value<RunSecurity>(statement, {flags.text("security"), flags.offset("security")},
                                               parse_security));
    run.command = TRY(parse_command(statement, statement.rest, statement.rest_offset));
    if (run.command.words.empty()) return statement.fail("RUN needs a command");
    return Body(std::move(run));
}

Result<Body> parse_cmd(const Statement& statement) {
    TRY(refuse_flags(statement));
    return Body(Cmd{TRY(parse_command(statement, statement.rest, statement.rest_offset))});
}

Result<Body> parse_entrypoint(const Statement& statement) {
    TRY(refuse_flags(statement));
    return Body(Entrypoint{TRY(parse_command(statement, statement.rest, statement.rest_offset))});
}

Result<Body> parse_shell(const Statement& statement) {
    TRY(refuse_flags(statement));
    auto words = TRY(json_words(statement, statement.rest, statement.rest_offset));
    if (!words || words->empty())
        return statement.fail("SHELL needs a JSON array: SHELL [\"/bin/bash\", \"-c\"]");
    Shell shell;
    for (Word& word : *words) shell.words.push_back(std::move(word.text));
    return Body(std::move(shell));
}

Result<Body> parse_healthcheck(const Statement& statement) {
    static constexpr std::array<FlagSpec, 5> known = {
        {{"interval"}, {"timeout"}, {"start-period"}, {"start-interval"}, {"retries"}}};
    const Flags flags = TRY(Flags::read(statement, known));
    std::size_t end = 0;
    while (end < statement.rest.size() && !is_blank(statement.rest[end])) ++end;
    const std::string type = oci::to_upper(statement.rest.substr(0, end));
    while (end < statement.rest.size() && is_blank(statement.rest[end])) ++end;
    const std::string_view text = statement.rest.substr(end);
    Healthcheck check;
    if (type == "NONE") {
        if (!text.empty())
            return statement.fail(statement.rest_offset + end, "HEALTHCHECK NONE takes no arguments");
        check.none = true;
        return Body(check);
    }
    if (type != "CMD") return statement.fail("HEALTHCHECK needs CMD and a command, or NONE");
    check.command = TRY(parse_command(statement, text, statement.rest_offset + end));
    if (check.command.words.empty()) return statement.fail("HEALTHCHECK CMD needs a command");
    check.interval = TRY(interval_of(statement, flags, "interval"));
    check.timeout = TRY(interval_of(statement, flags, "timeout"));
    check.start_period = TRY(interval_of(statement, flags, "start-period"));
    check.start_interval = TRY(interval_of(statement, flags, "start-interval"));
    check.retries = TRY(retries_of(statement, flags));
    return Body(std::move(check));
}

}  // namespace ocimg::dockerfile
