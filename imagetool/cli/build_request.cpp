#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/build/build_cache.hpp"
#include "imagetool/build/cache_exchange.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/build_options.hpp"
#include "imagetool/cli/transfer_options.hpp"
#include "imagetool/dockerfile/mount_option.hpp"

namespace ocimg {

namespace {

using build::BuildRequest;
using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

constexpr std::size_t secret_limit = std::size_t{512} << 10U;

std::optional<std::string> environment(const std::string& name) {
    const char* const value = ::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<void> read_build_args(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& argument : values.all("build-arg")) {
        const std::size_t equals = argument.find('=');
        const std::string name = argument.substr(0, equals);
        if (name.empty())
            return failure(ErrorCode::invalid, "--build-arg " + quote(argument) + ": it has no name");
        if (equals != std::string::npos) {
            request.build_args[name] = argument.substr(equals + 1);
        } else if (const auto value = environment(name)) {
            request.build_args[name] = *value;
        }
    }
    return {};
}

Result<void> read_contexts(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& context : values.all("build-context")) {
        const std::size_t equals = context.find('=');
        if (equals == std::string::npos || equals == 0 || equals + 1 == context.size())
            return failure(ErrorCode::invalid, "--build-context " + quote(context) + ": expected NAME=PLACE");
        request.build_contexts[context.substr(0, equals)] = context.substr(equals + 1);
    }
    return {};
}

Result<std::string> secret_content(const std::string& id, const std::string& source,
                                   const std::string& variable) {
    if (!variable.empty()) {
        if (const auto value = environment(variable)) return *value;
        return failure(ErrorCode::not_found, "the variable " + quote(variable) + " is not set");
    }
    return oci::read_file(oci::current_directory, source.empty() ? id : source, secret_limit);
}

/// id=ID[,src=PATH|,env=NAME][,type=file|env]
Result<void> read_secrets(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& secret : values.all("secret")) {
        const std::string context = "--secret " + quote(secret);
        std::map<std::string, std::string> fields;
        for (const std::string& field : TRY(dockerfile::comma_separated(secret).in(context))) {
            const std::size_t equals = field.find('=');
            if (equals == std::string::npos)
                return failure(ErrorCode::invalid, context + ": expected NAME=VALUE, found " + quote(field));
            fields[oci::to_lower(field.substr(0, equals))] = field.substr(equals + 1);
        }
        const auto take = [&](const char* name) {
            const auto found = fields.find(name);
            std::string value = found == fields.end() ? std::string() : found->second;
            fields.erase(name);
            return value;
        };
        const std::string id = take("id");
        std::string source = take("src");
        if (const std::string longer = take("source"); source.empty()) source = longer;
        std::string variable = take("env");
        if (take("type") == "env" && variable.empty()) variable = source.empty() ? id : source;
        if (id.empty()) return failure(ErrorCode::invalid, context + ": it has no id");
        if (!fields.empty())
            return failure(ErrorCode::invalid, context + ": unknown key " + quote(fields.begin()->first) +
                                                   ": allowed are id, src, env and type");
        request.run.gifts.secrets[id] = TRY(secret_content(id, source, variable).in(context));
    }
    return {};
}

Result<void> read_ssh(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& agent : values.all("ssh")) {
        const std::size_t equals = agent.find('=');
        const std::string id = agent.substr(0, equals);
        std::string socket = equals == std::string::npos ? environment("SSH_AUTH_SOCK").value_or("")
                                                         : agent.substr(equals + 1);
        if (socket.empty())
            return failure(ErrorCode::invalid, "--ssh " + quote(agent) + ": SSH_AUTH_SOCK is not set");
        request.run.gifts.ssh_sockets[id.empty() ? "default" : id] = TRY(oci::absolute_path(socket));
    }
    return {};
}

Result<void> read_hosts(const oci::cli::Values& values, BuildRequest& request) {
    std::string& hosts = request.run.gifts.hosts;
    hosts = "127.0.0.1\tlocalhost " + request.run.hostname +
            "\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";
    for (const std::string& host : values.all("add-host")) {
        const std::size_t end = host.find_first_of(":=");
        const std::string name = host.substr(0, end);
        std::string address = end == std::string::npos ? std::string() : host.substr(end + 1);
        if (address == "host-gateway") address = "127.0.0.1";  // RUN steps share the host's network
        const bool plain = (name + address).find_first_of(" \t\r\n") == std::string::npos;
        if (name.empty() || address.empty() || !plain)
            return failure(ErrorCode::invalid, "--add-host " + quote(host) + ": expected NAME:IP");
        hosts += address + "\t" + name + "\n";
    }
    if (auto text = oci::read_file(oci::current_directory, "/etc/resolv.conf", 64U << 10U))
        request.run.gifts.resolv_conf = std::move(*text);
    return {};
}

Result<void> read_run_settings(const oci::cli::Values& values, BuildRequest& request) {
    auto runtime = build::find_runtime(values.get("runtime"));
    // A build without RUN needs none.
    if (runtime) request.run.runtime = std::move(*runtime);
    if (!runtime && values.has("runtime")) return runtime.error();
    if (const auto name = request.build_args.find("BUILDKIT_SANDBOX_HOSTNAME");
        name != request.build_args.end())
        request.run.hostname = name->second;
    const std::string failure_mode = values.get("on-failure");
    if (failure_mode == "shell") {
        request.run.on_failure = build::OnFailure::shell;
    } else if (failure_mode == "keep") {
        request.run.on_failure = build::OnFailure::keep;
        request.run.keep_directory = TRY(oci::absolute_path("ocimg-failed-" + std::to_string(::getpid())));
    } else if (failure_mode != "stop") {
        return failure(ErrorCode::invalid,
                       "--on-failure " + quote(failure_mode) + ": allowed are stop, shell and keep");
    }
    for (const std::string& entitlement : values.all("allow")) {
        if (entitlement == "security.insecure") {
            request.allow_insecure = true;
        } else if (entitlement != "network.host") {
            return failure(ErrorCode::invalid, "--allow " + quote(entitlement) +
                                                   ": allowed are security.insecure and network.host");
        }
    }
    return {};
}

Result<void> read_network(const oci::cli::Values& values, BuildRequest& request) {
    const std::string mode = values.get("network");
    if (mode == "none") {
        request.network = dockerfile::RunNetwork::none;
    } else if (mode == "host") {
        request.network = dockerfile::RunNetwork::host;
    } else if (!mode.empty() && mode != "default") {
        return failure(ErrorCode::invalid,
                       "--network " + quote(mode) + ": allowed are default, none and host");
    }
    return {};
}

Result<void> read_platforms(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& given : values.all("platform")) {
        for (const std::string& text : oci::split(given, ',')) {
            auto platform = TRY(oci::spec::parse_platform(text).in("--platform"));
            auto& platforms = request.platforms;
            if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end())
                platforms.push_back(std::move(platform));
        }
    }
    return {};
}

/// --pull, --cache-from and --cache-to, and how registries are spoken to.
Result<void> read_sources(const oci::cli::Values& values, BuildRequest& request) {
    if (values.has("pull") && values.has("pull-never"))
        return failure(ErrorCode::invalid, "--pull and --pull-never: only one can be given");
    if (values.has("pull")) request.pull = build::PullPolicy::always;
    if (values.has("pull-never")) request.pull = build::PullPolicy::never;
    request.remote = TRY(read_remote_options(values));
    for (const std::string& text : values.all("cache-from"))
        request.cache_from.push_back(TRY(build::parse_cache_place(text).in("--cache-from " + quote(text))));
    for (const std::string& text : values.all("cache-to"))
        request.cache_to.push_back(TRY(build::parse_cache_place(text).in("--cache-to " + quote(text))));
    return {};
}

/// --output and --push; after the tags, which name what has no name of its own.
Result<void> read_outputs(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& text : values.all("output")) {
        for (auto& output : TRY(build::parse_output(text, request.places)))
            request.outputs.push_back(std::move(output));
    }
    if (!values.has("push")) return {};
    if (request.places.empty())
        return failure(ErrorCode::invalid, "--push needs a --tag: the name to push to");
    for (const ImagePlace& place : request.places)
        request.outputs.push_back(TRY(build::push_of(place).in("--push")));
    return {};
}

/// SOURCE_DATE_EPOCH as a build argument wins over the one in the environment.
Result<void> read_source_date(BuildRequest& request) {
    const auto given = request.build_args.find("SOURCE_DATE_EPOCH");
    if (given == request.build_args.end() || given->second.empty()) return {};
    request.context_dates = given->second == "context";
    request.source_date = oci::parse_integer<std::int64_t>(given->second);
    if (request.context_dates || request.source_date.has_value()) return {};
    return failure(ErrorCode::invalid, "--build-arg SOURCE_DATE_EPOCH=" + given->second +
                                           ": expected seconds since 1970, or context");
}

Result<void> read_places(const oci::cli::Values& values, BuildRequest& request) {
    for (const std::string& tag : values.all("tag")) {
        ImagePlace place = TRY(place_argument(tag).in("--tag"));
        if (place.tag.empty())
            return failure(ErrorCode::invalid, "--tag " + quote(tag) + ": expected a name with a tag");
        TRY(check_new_tag(place.tag).in("--tag"));
        const bool same = request.places.empty() || (request.places.front().kind == place.kind &&
                                                     request.places.front().path == place.path);
        if (!same)
            return failure(ErrorCode::invalid, "--tag " + quote(tag) +
                                                   ": all tags must be in one layout; ocimg copy brings an "
                                                   "image to another one");
        request.places.push_back(std::move(place));
    }
    return {};
}

}  // namespace

Result<BuildRequest> build_request(const oci::cli::Values& values) {
    BuildRequest request;
    if (!values.arguments().empty()) request.context = values.arguments().front();
    request.file = values.get("file");
    request.target = values.get("target");
    TRY(read_platforms(values, request));
    request.only = values.all("only");
    request.squash = values.has("squash");
    request.labels = values.all("label");
    request.annotations = values.all("annotation");
    request.use_cache = !values.has("no-cache");
    request.source_date = TRY(source_date_epoch());
    request.cache_path = TRY(oci::absolute_path(TRY(build::default_cache_path())));
    if (values.has("jobs")) {
        const auto jobs = oci::parse_integer<std::size_t>(values.get("jobs"));
        if (!jobs.has_value() || *jobs == 0)
            return failure(ErrorCode::invalid,
                           "--jobs " + quote(values.get("jobs")) + ": expected a number from 1");
        request.jobs = *jobs;
    }
    TRY(read_build_args(values, request));
    TRY(read_contexts(values, request));
    TRY(read_places(values, request));
    TRY(read_outputs(values, request));
    TRY(read_sources(values, request));
    TRY(read_source_date(request));
    TRY(read_secrets(values, request));
    TRY(read_ssh(values, request));
    TRY(read_run_settings(values, request));
    TRY(read_hosts(values, request));
    TRY(read_network(values, request));
    return request;
}

}  // namespace ocimg
