#include "runtime/kernel/program_memory.hpp"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>

// Of the linker: where the program begins.
extern "C" const char __executable_start[];  // NOLINT(bugprone-reserved-identifier)

namespace ocirun::kernel {

void forget_program_pages() {
    const auto page = static_cast<std::uintptr_t>(::getauxval(AT_PAGESZ));
    const auto count = ::getauxval(AT_PHNUM);
    const auto* const headers = reinterpret_cast<const ElfW(Phdr)*>(::getauxval(AT_PHDR));
    if (page == 0 || headers == nullptr) return;
    const std::span<const ElfW(Phdr)> segments(headers, count);
    const auto first = std::find_if(segments.begin(), segments.end(),
                                    [](const ElfW(Phdr) & segment) { return segment.p_type == PT_LOAD; });
    for (const ElfW(Phdr) & segment : segments) {
        // What can be written is this process's own; everything else is the file's, and comes back from it.
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const char* const begin = __executable_start + ((segment.p_vaddr & ~(page - 1)) - first->p_vaddr);
        // The last page may hold the beginning of the next segment only in the file, never in memory.
        const std::size_t size = (segment.p_vaddr & (page - 1)) + segment.p_memsz;
        // It is a wish: where the kernel does not grant it, memory stays as it was.
        ::madvise(const_cast<char*>(begin), size, MADV_DONTNEED);
    }
}

}  // namespace ocirun::kernel
