#include "imagetool/transfer/run_parallel.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/interruption.hpp"

namespace ocimg {

oci::Result<void> run_parallel(std::size_t count, std::size_t at_once,
                               const std::function<oci::Result<void>(std::size_t)>& job) {
    std::mutex mutex;
    std::size_t next = 0;
    std::optional<oci::Error> first;
    const auto work = [&] {
        while (true) {
            std::size_t mine = 0;
            {
                const std::lock_guard lock(mutex);
                if (next >= count || first.has_value()) return;
                mine = next++;
            }
            auto outcome = oci::check_interruption();
            if (outcome) outcome = job(mine);
            const std::lock_guard lock(mutex);
            if (!outcome && !first.has_value()) first = outcome.error();
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(count, std::max<std::size_t>(at_once, 1)); ++i)
        threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (first.has_value()) return *first;
    return {};
}

}  // namespace ocimg
