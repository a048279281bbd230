#include "imagetool/cli/transfer_options.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <iterator>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "base/text.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::cli::Option;
using oci::cli::OptionKind;
using oci::cli::Values;

Option words_option(const char* name, const char* help, std::vector<std::string> words) {
    Option option = value_option(name, "WORD", help);
    option.completes = oci::cli::Completes::words;
    option.words = std::move(words);
    return option;
}

/// The option of the side when it was given, else the one for both sides.
std::string sided(const Values& values, const std::string& side, const std::string& name) {
    const std::string own = side + "-" + name;
    // Not has(): the value "false" is one here.
    return !side.empty() && !values.get(own).empty() ? values.get(own) : values.get(name);
}

Result<Credential> parse_credential(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0)
        return failure(ErrorCode::invalid, "--creds: expected USER:PASSWORD");
    return Credential{
        .user = text.substr(0, colon), .password = text.substr(colon + 1), .identity_token = {}};
}

Result<std::uint64_t> read_number(const Values& values, const char* name, std::uint64_t least,
                                  std::uint64_t most) {
    const auto number = oci::parse_integer<std::uint64_t>(values.get(name));
    if (number.has_value() && *number >= least && *number <= most) return *number;
    return failure(ErrorCode::invalid, "--" + std::string(name) + " " + quote(values.get(name)) +
                                           ": expected " + std::to_string(least) + " to " +
                                           std::to_string(most));
}

Result<std::chrono::seconds> read_seconds(const Values& values, const char* name) {
    return std::chrono::seconds(TRY(read_number(values, name, 0, 1000000)));
}

Result<std::optional<int>> read_level(const Values& values, std::optional<Compression> compression) {
    const char* const name = "compression-level";
    // Not has(): 0 is a level.
    if (values.get(name).empty()) return std::optional<int>();
    const LevelRange range = levels_of(compression.value_or(Compression::none));
    if (range.most == 0) {
        return failure(ErrorCode::invalid, "--compression-level needs --compression gzip or zstd");
    }
    return std::optional(static_cast<int>(TRY(read_number(
        values, name, static_cast<std::uint64_t>(range.least), static_cast<std::uint64_t>(range.most)))));
}

/// "64", "64k", "64M", "1G".
Result<std::uint64_t> parse_size(const std::string& text) {
    std::uint64_t unit = 1;
    std::string number = text;
    if (!text.empty()) {
        const std::size_t power = std::string_view("kKmMgG").find(text.back());
        if (power != std::string_view::npos) {
            unit <<= 10U * (power / 2 + 1);
            number.pop_back();
        }
    }
    const auto size = oci::parse_integer<std::uint64_t>(number);
    if (size.has_value() && *size > 0 && *size <= (std::uint64_t{1} << 50U) / unit) return *size * unit;
    return failure(ErrorCode::invalid, "--chunk-size " + quote(text) + ": expected a number with k, M or G");
}

Result<bool> parse_switch(const std::string& text, const char* name) {
    if (text == "true" || text == "1") return true;
    if (text == "false" || text == "0") return false;
    return failure(ErrorCode::invalid,
                   "--" + std::string(name) + " " + quote(text) + ": expected true or false");
}

}  // namespace

void append_options(std::vector<Option>& options, std::vector<Option> more) {
    std::move(more.begin(), more.end(), std::back_inserter(options));
}

std::vector<Option> remote_options() {
    Option stall =
        value_option("stall-timeout", "SECONDS", "give up a connection on which nothing moves for so long");
    stall.default_value = "60";
    return {
        value_option("creds", "USER:PASSWORD", "credentials for the registry"),
        switch_option("no-creds", "ask without credentials"),
        value_option("authfile", "FILE",
                     "file with credentials (default: auth.json, then Docker's config.json)"),
        value_option("tls-verify", "BOOL",
                     "verify certificates; false allows plain HTTP too (default: as in registries.conf)"),
        value_option("cert-dir", "DIRECTORY",
                     "certificates: *.crt authorities, *.cert and *.key of the client"),
        value_option("registries-conf", "FILE", "registries.conf to use instead of the system's"),
        list_option("trust-host", "HOST[:PORT]",
                    "another server that the registry may send credentials or requests to"),
        value_option("timeout", "SECONDS", "give up after so long in all (default: never)"),
        std::move(stall),
        switch_option("debug", "print every request and its answer's status to standard error"),
    };
}

oci::cli::Command with_remote_options(oci::cli::Command command) {
    append_options(command.options, remote_options());
    return command;
}

std::vector<Option> side_options(const std::string& side) {
    const std::string of = side == "src" ? "source" : "destination";
    const auto option = [&](const char* name, const char* value, const std::string& help) {
        return Option{
            .name = side + "-" + name, .kind = OptionKind::value, .value_name = value, .help = help};
    };
    return {
        option("creds", "USER:PASSWORD", "credentials for the " + of),
        option("authfile", "FILE", "file with credentials for the " + of),
        option("tls-verify", "BOOL", "verify certificates of the " + of),
        option("cert-dir", "DIRECTORY", "certificates for the " + of),
    };
}

std::vector<Option> copy_options() {
    Option jobs = value_option("jobs", "NUMBER", "blobs on their way at the same time");
    jobs.default_value = "6";
    return {
        list_option("platform", "OS/ARCH[/VARIANT]",
                    "only this platform of several; may be given more than once"),
        words_option("format", "media types of the copy", {"oci", "docker"}),
        words_option("compression", "compress the layers anew", {"gzip", "zstd", "none"}),
        value_option("compression-level", "NUMBER",
                     "how hard to compress: 0 to 9 for gzip, of which 3 to 9 are one; 1 to 19 for zstd"),
        switch_option("referrers", "copy signatures and other manifests that refer to the image too"),
        std::move(jobs),
        value_option("digest-file", "FILE", "write the digest of the copy into a file"),
        switch_option("json", "print what was copied as JSON"),
    };
}

std::vector<Option> upload_options() {
    return {
        value_option("chunk-size", "SIZE", "push blobs in pieces of this size (default: in one piece)"),
        value_option("mount-from", "REPOSITORY", "repository of the same registry to take blobs from"),
    };
}

std::vector<Option> progress_options() {
    Option quiet = switch_option("quiet", "say nothing but the digest");
    quiet.short_name = "q";
    return {words_option("progress", "how to show what happens (default: bars on a terminal, else lines)",
                         {"auto", "bars", "lines", "json", "none"}),
            std::move(quiet)};
}

Result<RemoteOptions> read_remote_options(const Values& values, const std::string& side) {
    RemoteOptions options;
    const std::string creds = sided(values, side, "creds");
    if (!creds.empty()) options.credential = TRY(parse_credential(creds));
    options.no_credential = values.has("no-creds");
    options.credential_file = sided(values, side, "authfile");
    options.certificate_directory = sided(values, side, "cert-dir");
    const std::string verify = sided(values, side, "tls-verify");
    if (!verify.empty()) options.tls_verify = TRY(parse_switch(verify, "tls-verify"));
    options.registries_conf = values.get("registries-conf");
    options.trusted_hosts = values.all("trust-host");
    if (values.has("timeout")) options.timeout = TRY(read_seconds(values, "timeout"));
    if (!values.get("stall-timeout").empty()) {
        options.stall_timeout = std::chrono::seconds(TRY(read_number(values, "stall-timeout", 1, 86400)));
    }
    options.warn = [](const std::string& text) { warn(text); };
    if (values.has("debug")) {
        options.trace = [](const std::string& line) {
            static_cast<void>(
                oci::write_all(oci::BorrowedFd(STDERR_FILENO), "ocimg: " + line + "\n").has_value());
        };
    }
    return options;
}

Result<CopyOptions> read_copy_options(const Values& values) {
    CopyOptions options;
    for (const std::string& given : values.all("platform")) {
        for (const std::string& platform : oci::split(given, ',')) {
            options.platforms.push_back(TRY(oci::spec::parse_platform(platform).in("--platform")));
        }
    }
    const std::string format = values.get("format");
    if (format == "oci") options.format = ImageFormat::oci;
    if (format == "docker" || format == "v2s2") options.format = ImageFormat::docker;
    if (!format.empty() && options.format == ImageFormat::as_it_is) {
        return failure(ErrorCode::invalid, "--format " + quote(format) + ": expected oci or docker");
    }
    const std::string compression = values.get("compression");
    if (compression == "gzip") options.compression = Compression::gzip;
    if (compression == "zstd") options.compression = Compression::zstd;
    if (compression == "none") options.compression = Compression::none;
    if (!compression.empty() && !options.compression.has_value()) {
        return failure(ErrorCode::invalid,
                       "--compression " + quote(compression) + ": expected gzip, zstd or none");
    }
    options.level = TRY(read_level(values, options.compression));
    options.referrers = values.has("referrers");
    options.jobs = TRY(read_number(values, "jobs", 1, 64));
    return options;
}

Result<UploadOptions> read_upload_options(const Values& values) {
    UploadOptions options;
    if (values.has("chunk-size")) options.chunk_size = TRY(parse_size(values.get("chunk-size")));
    options.mount_from = values.get("mount-from");
    return options;
}

Result<std::unique_ptr<Progress>> open_transfer_progress(const Values& values) {
    const oci::BorrowedFd output(STDERR_FILENO);
    const ProgressStyle style =
        values.has("quiet") ? ProgressStyle::none : TRY(parse_progress_style(values.get("progress"), output));
    return Progress::open(style, output);
}

Result<void> tell_copied(const Values& values, const std::string& name, const Document& document) {
    if (values.has("digest-file")) {
        const std::string path = values.get("digest-file");
        const std::size_t slash = path.rfind('/');
        const oci::Fd directory = TRY(oci::open_file(
            slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY));
        TRY(oci::replace_file(directory, path.substr(slash == std::string::npos ? 0 : slash + 1),
                              document.digest, 0644, oci::Durability::atomic_only)
                .in("--digest-file"));
    }
    if (!values.has("json")) return print(document.digest + "\n");
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    json_field(out, "name", name);
    json_field(out, "mediaType", document.media_type);
    json_field(out, "digest", document.digest);
    json_number(out, "size", document.text.size());
    out.end_object();
    return print(out.take() + "\n");
}

}  // namespace ocimg
