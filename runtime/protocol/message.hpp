#pragma once
// What the host process and the container's first process say to each other. Both ends are the same
// program, so a message is one trivially copyable struct.
//
//   host process                         init (and, before it, the intermediate process)
//        <-------- need_id_maps ---------   a user namespace was made: write its maps
//        --------- proceed ------------->   (also: you stand in your cgroup now)
//        <-------- init_cloned ----------   from the intermediate: the pid of its sibling, init
//        <-------- run_hooks ------------   namespaces and mounts stand: network devices, prestart,
//        |                                  createRuntime
//        --------- proceed ------------->
//        <-------- ready ----------------   all is prepared, the executable was found
//        --------- start --------------->   only `run`
//        --------- proceed ------------->   only `create`: init's pid is on record; then create leaves,
//                                           and `start` comes by its socket
//        <-------- failed ---------------   at any time, then the end
//     end of file after `start`: execve has succeeded (the channel is closed by it)

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace ocirun {

enum class Tag : std::uint32_t { need_id_maps, proceed, init_cloned, run_hooks, ready, start, failed };

struct Message {
    Tag tag = Tag::proceed;
    std::int32_t pid = 0;
    std::int32_t system_errno = 0;
    std::uint32_t code = 0;  // oci::ErrorCode
    std::uint32_t length = 0;
    std::array<char, 2048> text{};  // cut when longer

    void set_text(std::string_view value);
    [[nodiscard]] std::string_view get_text() const;
};

}  // namespace ocirun
