// Where the kernel enters a static ocirun: before the C library has started. Runs in the host process.
//
// A command that enters a container executes the runtime a second time, from a place that nobody can write
// (self_protection.hpp). Starting the C library only to leave it again costs as much as all the rest of
// that step, most of all where CPUID traps into a hypervisor. So the step is taken here, with system calls
// and nothing else. Whatever does not work out is left to run_from_sealed_copy, which decides in any case
// whether this process is protected: this file saves time and is trusted with nothing.
//
// No relocation is done yet: no table of pointers, no function of any library, no thread-local data.

#if defined(__x86_64__)

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

static_assert(sizeof(long) == sizeof(void*), "system calls take addresses as numbers");

namespace {

constexpr long longest_path = 4096;
constexpr long most_variables = 1000;
constexpr int at_empty_path = 0x1000;

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
    long result = number;
    register long fourth __asm__("r10") = d;
    register long fifth __asm__("r8") = e;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
                     : "rcx", "r11", "memory");
    return result;
}

long address(const void* pointer) {
    return reinterpret_cast<long>(pointer);
}

long length_of(const char* text) {
    long length = 0;
    while (text[length] != '\0') ++length;
    return length;
}

bool begins_with(const char* text, const char* start) {
    while (*start != '\0' && *text == *start) ++text, ++start;
    return *start == '\0';
}

bool equal(const char* left, const char* right) {
    return begins_with(left, right) && length_of(left) == length_of(right);
}

/// A word that only looks like the command costs one exec too many, nothing else.
bool enters_container(char* const* arguments) {
    for (char* const* word = arguments; *word != nullptr; ++word) {
        if (equal(*word, "run") || equal(*word, "create") || equal(*word, "exec") || equal(*word, "restore"))
            return true;
    }
    return false;
}

/// "DIRECTORY:OTHER" for the overlay, which needs two directories with neither inside the other. The name
/// of the binary in DIRECTORY is the result; null when there is no such pair.
const char* write_lower_directories(char* path, long length, char* lower) {
    long slash = length;
    while (slash > 0 && path[slash] != '/') --slash;
    if (slash <= 0) return nullptr;
    for (long at = 0; at < slash; ++at) {
        if (path[at] == ':' || path[at] == ',' || path[at] == '\\') return nullptr;
        lower[at] = path[at];
    }
    path[slash] = '\0';
    const char* other = "/usr/share";
    if (begins_with(path, "/usr/share") || equal(path, "/usr")) other = "/etc";
    if (begins_with(path, "/etc") && begins_with(other, "/etc")) return nullptr;
    lower[slash] = ':';
    for (long at = 0; at <= length_of(other); ++at) lower[slash + 1 + at] = other[at];
    return path + slash + 1;
}

/// The binary on a detached overlay without an upper layer, as open_on_overlay of self_protection.cpp
/// makes it; negative when that fails.
long open_on_overlay(const char* lower, const char* name) {
    const long context = call(SYS_fsopen, address("overlay"), FSOPEN_CLOEXEC);
    if (context < 0) return context;
    call(SYS_fsconfig, context, FSCONFIG_SET_STRING, address("source"), address("ocirun"));
    call(SYS_fsconfig, context, FSCONFIG_SET_STRING, address("lowerdir"), address(lower));
    long mount = call(SYS_fsconfig, context, FSCONFIG_CMD_CREATE);
    if (mount >= 0) mount = call(SYS_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY);
    call(SYS_close, context);
    if (mount < 0) return mount;
    const long binary = call(SYS_openat, mount, address(name), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    call(SYS_close, mount);
    return binary;
}

bool is_on_overlay(long binary, struct stat& status) {
    struct statfs filesystem;  // filled by the kernel; to clear it would call memset
    if (call(SYS_newfstatat, binary, address(""), address(&status), at_empty_path) != 0) return false;
    if (call(SYS_fstatfs, binary, address(&filesystem)) != 0) return false;
    // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): the analyzer sees no writes of calls
    return filesystem.f_type == OVERLAYFS_SUPER_MAGIC && (filesystem.f_flags & ST_RDONLY) != 0;
}

/// "_OCIRUN_SEALED_DEVICE=NUMBER", the marker that self_protection.cpp looks for.
void write_marker(char* marker, unsigned long device) {
    const char* const name = "_OCIRUN_SEALED_DEVICE=";
    long end = 0;
    for (; name[end] != '\0'; ++end) marker[end] = name[end];
    unsigned long scale = 1;
    while (device / scale >= 10) scale *= 10;
    for (; scale != 0; scale /= 10) marker[end++] = static_cast<char>('0' + device / scale % 10);
    marker[end] = '\0';
}

/// Copies the environment and leaves room for the marker. -1: too large, or the marker is there already.
long copy_environment(char* const* from, char** to) {
    long count = 0;
    for (; from[count] != nullptr; ++count) {
        if (count == most_variables || begins_with(from[count], "_OCIRUN_SEALED_DEVICE=")) return -1;
        to[count] = from[count];
    }
    return count;
}

}  // namespace

/// `stack` is what the kernel hands over: the count of arguments, the arguments, null, the environment,
/// null. Does not return when the protected binary is executed.
extern "C" [[gnu::visibility("hidden"), gnu::used]] void ocirun_before_libc(const long* stack) {
    char* const* const arguments = reinterpret_cast<char* const*>(stack + 1);
    if (!enters_container(arguments)) return;
    char* environment[most_variables + 2];
    const long variables = copy_environment(arguments + stack[0] + 1, environment);
    if (variables < 0) return;
    char path[longest_path + 1];
    char lower[longest_path + 32];
    const long length = call(SYS_readlink, address("/proc/self/exe"), address(path), longest_path);
    if (length <= 0 || length == longest_path) return;
    path[length] = '\0';
    const char* const name = write_lower_directories(path, length, lower);
    if (name == nullptr) return;
    const long binary = open_on_overlay(lower, name);
    if (binary < 0) return;
    struct stat status;  // filled by the kernel
    char marker[64];
    if (is_on_overlay(binary, status)) {
        write_marker(marker, status.st_dev);
        environment[variables] = marker;
        environment[variables + 1] = nullptr;
        call(SYS_execveat, binary, address(""), address(arguments), address(environment), at_empty_path);
    }
    call(SYS_close, binary);
}

// The registers and the stack are handed on as the kernel left them.
__asm__(
    ".text\n"
    ".globl ocirun_entry\n"
    ".hidden ocirun_entry\n"
    ".type ocirun_entry, @function\n"
    "ocirun_entry:\n"
    "    mov %rsp, %rdi\n"
    "    mov %rsp, %rbp\n"
    "    mov %rdx, %rbx\n"
    "    and $-16, %rsp\n"
    "    call ocirun_before_libc\n"
    "    mov %rbx, %rdx\n"
    "    mov %rbp, %rsp\n"
    "    xor %ebp, %ebp\n"
    "    jmp _start\n");

#endif
