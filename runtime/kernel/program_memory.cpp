#include "runtime/kernel/program_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

// Of the linker: where the program begins, and where its code ends. Nothing in between is ever written.
extern "C" const char __executable_start[];  // NOLINT(bugprone-reserved-identifier)
extern "C" const char etext[];

namespace ocirun::kernel {

void forget_program_code() {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto start = reinterpret_cast<std::uintptr_t>(__executable_start);
    const std::uintptr_t begin = (start + page - 1) & ~(page - 1);
    const std::uintptr_t end = reinterpret_cast<std::uintptr_t>(etext) & ~(page - 1);
    // It is a wish: where the kernel does not grant it, memory stays as it was.
    if (begin < end)
        ::madvise(const_cast<char*>(__executable_start) + (begin - start), end - begin, MADV_DONTNEED);
}

}  // namespace ocirun::kernel
