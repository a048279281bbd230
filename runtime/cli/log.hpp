#pragma once
// Errors and warnings for people and for engines: plain text on standard error, one record in --log.

#include <string>
#include <string_view>

namespace ocirun {

class Log {
public:
    /// `path` may be empty: standard error alone. `json` chooses --log-format json.
    Log(std::string path, bool json) : path_(std::move(path)), json_(json) {}

    /// The final error: one record in the log file and the text on standard error.
    void error(std::string_view message) const;
    /// A warning: standard error only, so that the log file holds exactly one record (Podman reads it as
    /// a single JSON value).
    void warning(std::string_view message) const;

private:
    void append(std::string_view message) const;
    std::string path_;
    bool json_;
};

}  // namespace ocirun
