#pragma once
// The instructions of a Dockerfile as values. Pure: no file is read and nothing is looked up here.
//
// A value holds what the file says. Where the language lets variables stand ("$version"), it is the text
// before their expansion; expand_instruction (expand_instruction.hpp) gives the same instruction with them
// filled in.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "imagetool/dockerfile/file_mode.hpp"
#include "imagetool/dockerfile/mount_option.hpp"
#include "spec/image/image_config.hpp"

namespace ocimg::dockerfile {

/// Lines of the file, counted from 1, both included; heredoc bodies belong to their instruction.
struct LineRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    bool operator==(const LineRange&) const = default;
};

struct KeyValue {
    std::string key;
    std::string value;  // quotes and escapes still in it until it is expanded

    bool operator==(const KeyValue&) const = default;
};

/// `<<NAME` and the lines up to NAME.
struct Heredoc {
    std::string name;
    std::string content;  // whole lines, as they stand; without_leading_tabs (heredoc.hpp) when `chomp`
    bool expand = true;   // false when a part of the name was quoted
    bool chomp = false;   // <<-
    std::uint32_t file_descriptor = 0;

    bool operator==(const Heredoc&) const = default;
};

/// A flag value that is known when the file is read, unless variables stand in it.
template <class T>
struct FlagValue {
    std::string text;        // as written
    std::optional<T> value;  // nothing: `text` has to be expanded and read first

    bool operator==(const FlagValue&) const = default;
};

/// What RUN, CMD, ENTRYPOINT and HEALTHCHECK CMD start.
struct Command {
    bool shell_form = false;         // one string for the shell; otherwise an argument vector
    std::vector<std::string> words;  // shell form: at most one
    std::vector<Heredoc> heredocs;   // shell form only

    bool operator==(const Command&) const = default;
};

enum class RunNetwork : std::uint8_t { default_network, none, host };
enum class RunSecurity : std::uint8_t { sandbox, insecure };

struct RunDevice {
    std::string name;  // CDI name: "vendor/class=device", or a class
    bool required = false;

    bool operator==(const RunDevice&) const = default;
};

/// FROM. `image` is the name of an earlier stage, of a named context, of an image, or "scratch".
struct From {
    std::string image;
    std::string platform;  // --platform; empty: the target's
    std::string name;      // AS, in lower case; empty: none
    std::string name_as_written;
    std::string as_as_written;  // "AS", "as"; empty: no name

    /// How AS and the name are written does not count.
    bool operator==(const From& other) const {
        return image == other.image && platform == other.platform && name == other.name;
    }
};

struct Run {
    Command command;
    std::vector<FlagValue<Mount>> mounts;
    FlagValue<RunNetwork> network;    // no text: not given
    FlagValue<RunSecurity> security;  // no text: not given
    std::vector<FlagValue<RunDevice>> devices;

    bool operator==(const Run&) const = default;
};

/// A file whose content stands in the Dockerfile.
struct InlineFile {
    std::string name;
    std::string content;  // without leading tabs when it was <<-  // without leading tabs when it was <<-
    bool expand = false;

    bool operator==(const InlineFile&) const = default;
};

/// What COPY and ADD share.
struct Transfer {
    std::vector<std::string> sources;
    std::vector<InlineFile> files;  // heredoc sources
    std::string destination;
    std::string chown;
    FlagValue<ModeChange> chmod;  // no text: not given
    bool link = false;
    std::vector<std::string> excludes;

    bool operator==(const Transfer&) const = default;
};

struct Copy {
    Transfer transfer;
    std::string from;  // stage name or number, named context or image; empty: the build context
    bool parents = false;

    bool operator==(const Copy&) const = default;
};

struct Add {
    Transfer transfer;
    std::string checksum;
    std::optional<bool> keep_git_dir;  // nothing: what the source's own query says
    std::optional<bool> unpack;        // nothing: local archives are, downloaded ones are not

    bool operator==(const Add&) const = default;
};

struct Argument {
    std::string name;
    std::optional<std::string> value;  // the default

    bool operator==(const Argument&) const = default;
};
struct Arg {
    std::vector<Argument> arguments;

    bool operator==(const Arg&) const = default;
};

struct Env {
    std::vector<KeyValue> variables;
    bool legacy = false;  // "ENV key value"

    bool operator==(const Env&) const = default;
};
struct Label {
    std::vector<KeyValue> labels;
    bool legacy = false;

    bool operator==(const Label&) const = default;
};

struct Cmd {
    Command command;
    bool operator==(const Cmd&) const = default;
};
struct Entrypoint {
    Command command;
    bool operator==(const Entrypoint&) const = default;
};

/// EXPOSE; parse_port (port.hpp) reads a word once it is expanded.
struct Expose {
    std::vector<std::string> ports;
    bool operator==(const Expose&) const = default;
};

/// Times are nanoseconds; nothing: not given. Zero is allowed and means "the default".
struct Healthcheck {
    bool none = false;  // HEALTHCHECK NONE: the base's check is off
    Command command;
    std::optional<std::int64_t> interval;
    std::optional<std::int64_t> timeout;
    std::optional<std::int64_t> start_period;
    std::optional<std::int64_t> start_interval;
    std::optional<std::int64_t> retries;

    bool operator==(const Healthcheck&) const = default;
};

struct Instruction;

/// ONBUILD. `text` is what goes into the image's OnBuild (heredoc bodies included), `trigger` the same, read.
struct OnBuild {
    std::string text;
    std::shared_ptr<const Instruction> trigger;

    bool operator==(const OnBuild& other) const { return text == other.text; }
};

struct Shell {
    std::vector<std::string> words;
    bool operator==(const Shell&) const = default;
};
struct StopSignal {
    std::string signal;
    bool operator==(const StopSignal&) const = default;
};
struct User {
    std::string user;
    bool operator==(const User&) const = default;
};
struct Volume {
    std::vector<std::string> paths;
    bool operator==(const Volume&) const = default;
};
struct Workdir {
    std::string path;
    bool operator==(const Workdir&) const = default;
};
struct Maintainer {
    std::string name;
    bool operator==(const Maintainer&) const = default;
};

using Body = std::variant<From, Run, Copy, Add, Arg, Env, Label, Cmd, Entrypoint, Expose, Healthcheck,
                          OnBuild, Shell, StopSignal, User, Volume, Workdir, Maintainer>;

struct Instruction {
    Body body;
    LineRange lines;
    std::string keyword;                      // as written: "RUN", "run"
    std::string text;                         // the logical line without heredoc bodies: "RUN make install"
    std::vector<std::string> comments;        // the lines directly above it, without '#'
    std::vector<std::string> skipped_checks;  // of `# check=skip=...` above it, in lower case; "all" is all
};

/// "RUN", "COPY": the instruction's name in upper case.
std::string_view instruction_name(const Instruction& instruction);

/// Equal in meaning: everything but lines, keyword and text.
bool same_meaning(const Instruction& a, const Instruction& b);

/// Whether a (lower-case) text may name a stage: a letter, then letters, digits, '-', '_' and '.'.
bool is_stage_name(std::string_view name);

/// A FROM and what follows it, up to the next one.
struct Stage {
    Instruction from_line;
    From from;
    std::vector<Instruction> instructions;
};

}  // namespace ocimg::dockerfile
