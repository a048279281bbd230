#pragma once
// What CRIU is asked and what it answers (`criu swrk`): its protocol buffers messages, written and read by
// hand, since the few fields that a runtime needs are no reason for a library. Numbers of messages and
// fields are those of CRIU's images/rpc.proto. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ocirun {

enum class CriuRequestType : std::uint32_t {
    dump = 1,
    restore = 2,
    pre_dump = 4,
    notify = 6,
    feature_check = 9,
    version = 10
};

/// --manage-cgroups-mode; the numbers are CRIU's.
enum class CriuCgroupMode : std::uint32_t { ignore = 0, soft = 3, full = 4, strict = 5, usual = 6 };

/// --network-lock; the numbers are CRIU's.
enum class CriuNetworkLock : std::uint32_t { iptables = 1, nftables = 2, skip = 3 };

struct CriuPageServer {
    std::string address;
    std::uint16_t port = 0;
};

struct CriuJoinedNamespace {
    std::string kind;  // "net", "ipc", ... as below /proc/PID/ns
    std::string path;
};

/// Descriptors are those of the process that asks, except in `inherited`: those are CRIU's own.
struct CriuOptions {
    int images_directory = -1;
    std::optional<int> work_directory;
    std::optional<int> pid;  // dump: the root of the tree
    std::string log_file;    // a name in the work directory, or in the images directory
    std::uint32_t log_level = 4;
    std::string root;
    std::string parent_images;  // relative to the images directory
    bool leave_running = false;
    bool external_sockets = false;  // --ext-unix-sk
    bool tcp_established = false;
    bool tcp_skip_in_flight = false;
    bool tcp_close = false;
    bool shell_job = false;
    bool file_locks = false;
    bool link_remap = false;
    bool auto_dedup = false;
    bool lazy_pages = false;
    bool track_memory = false;
    bool evasive_devices = false;
    bool sibling = false;  // restore: the restored process becomes a child of who asks
    std::optional<int> status_descriptor;
    std::optional<CriuPageServer> page_server;
    CriuCgroupMode cgroup_mode = CriuCgroupMode::usual;
    std::optional<CriuNetworkLock> network_lock;
    std::uint32_t empty_namespaces = 0;  // CLONE_NEW*
    std::string freeze_cgroup;
    std::string configuration_file;
    std::string lsm_profile;
    std::string lsm_mount_context;
    std::vector<std::pair<std::string, std::string>> external_mounts;  // place, and its key or source
    std::vector<std::pair<std::string, std::string>> cgroup_roots;     // controllers, path
    std::vector<std::pair<std::string, int>> inherited;                // key, descriptor
    std::vector<std::string> external;                                 // "net[INODE]:extRootNetNS"
    std::vector<CriuJoinedNamespace> joined_namespaces;
};

struct CriuFeatureSet {
    bool memory_tracking = false;
    bool lazy_pages = false;
};

struct CriuAnswer {
    std::uint32_t type = 0;  // of the request
    bool success = false;
    std::int32_t pid = 0;  // of the restored process, or of the one that a notification is about
    std::string script;    // of a notification: "post-dump"
    std::int32_t error_number = 0;
    std::string error_text;
    CriuFeatureSet features;
    std::uint32_t version = 0;  // 31701 for 3.17.1
};

/// A dump, pre-dump or restore.
std::string encode_criu_request(CriuRequestType type, const CriuOptions& options);
/// Asks for the version.
std::string encode_criu_version_request();
/// Asks whether these features are there.
std::string encode_criu_feature_request(const CriuFeatureSet& wanted);
/// The reply to a notification.
std::string encode_criu_notification_reply(bool success);
/// A text that is no message of CRIU is an error. Unknown fields are passed over.
oci::Result<CriuAnswer> decode_criu_answer(std::string_view message);

}  // namespace ocirun
