#pragma once
// The network of RUN steps of an ordinary user's build: a namespace of its own, connected to the host's
// network by pasta or slirp4netns, which need no privilege.

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/process.hpp"
#include "base/result.hpp"

namespace ocimg::build {

/// What a step needs to know of the network.
struct NetworkPlace {
    std::string path;         // of the namespace, for config.json
    std::string resolv_conf;  // text; the host's names are asked for by way of the program
};

/// One for a whole build: made when the first step asks for it, gone with this value. From any thread.
class UserNetwork {
public:
    /// `resolv_conf` is the host's text. Nothing: neither pasta nor slirp4netns is installed.
    oci::Result<std::optional<NetworkPlace>> place(const std::string& resolv_conf);

private:
    struct Running {
        oci::ChildProcess holder;  // keeps the namespace
        oci::ChildProcess program;
        NetworkPlace place;
    };
    static oci::Result<std::unique_ptr<Running>> start(const std::string& program,
                                                       const std::string& resolv_conf);

    std::mutex mutex_;
    std::unique_ptr<Running> running_;
};

}  // namespace ocimg::build
