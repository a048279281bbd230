#pragma once
// File descriptors by ownership: Fd closes what it holds, BorrowedFd only names it.

#include <unistd.h>

#include <utility>

namespace oci {

/// A descriptor that somebody else keeps open for at least as long as this value is used.
class BorrowedFd {
public:
    constexpr BorrowedFd() = default;
    constexpr explicit BorrowedFd(int number) : number_(number) {}
    [[nodiscard]] constexpr int get() const { return number_; }
    [[nodiscard]] constexpr bool is_open() const { return number_ >= 0 || number_ == -100; }

private:
    int number_ = -1;
};

/// The descriptor that stands for the current directory in *at() calls (AT_FDCWD).
inline constexpr BorrowedFd current_directory{-100};

/// Owns one descriptor and closes it when dropped. Empty (-1) by default.
class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    ~Fd() { reset(); }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            number_ = std::exchange(other.number_, -1);
        }
        return *this;
    }

    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    [[nodiscard]] BorrowedFd borrow() const { return BorrowedFd(number_); }
    operator BorrowedFd() const { return borrow(); }  // NOLINT(google-explicit-constructor)

    /// Gives the descriptor to the caller, who then owns it.
    [[nodiscard]] int release() { return std::exchange(number_, -1); }
    void reset() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

private:
    int number_ = -1;
};

}  // namespace oci
