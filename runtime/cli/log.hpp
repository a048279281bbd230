#pragma once
// Errors and warnings for people and for engines: plain text on standard error, one record in --log.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ocirun {

class Log {
public:
    /// `target` is a file, or as crun has it "file:PATH", "syslog:NAME" or "journald:NAME"; empty: standard
    /// error alone. `json` chooses --log-format json; with `warnings` they are recorded too.
    Log(const std::string& target, bool json, bool warnings);

    /// Whether records can be written: the file is made when it is not there.
    [[nodiscard]] oci::Result<void> check() const;
    /// The final error: one record in the log file and the text on standard error.
    void error(std::string_view message) const;
    /// A warning: by default on standard error only, so that the log file holds exactly one record (Podman
    /// reads it as a single JSON value).
    void warning(std::string_view message) const;
    /// --debug: a record in the log file, or without one on standard error.
    void debug(std::string_view message) const;

private:
    enum class Kind { none, file, syslog, journald };
    void record(std::string_view level, std::string_view message) const;
    Kind kind_ = Kind::none;
    std::string target_;
    bool json_;
    bool warnings_;
};

}  // namespace ocirun
