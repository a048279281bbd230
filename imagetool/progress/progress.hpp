#pragma once
// What a long operation tells while it runs: bars on a terminal, plain lines elsewhere, or JSON for programs.
// Any number of threads report on items of their own.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace ocimg {

enum class ProgressStyle { bars, lines, json, none };

/// "bars", "lines", "json", "none", or "auto": bars when `output` is a terminal, else lines. Anything else is
/// an error.
oci::Result<ProgressStyle> parse_progress_style(std::string_view text, oci::BorrowedFd output);

class Progress;

/// One thing on its way: a blob, a layer, a step. Dropped without finish(), it is told as failed.
class ProgressItem {
public:
    ProgressItem() = default;
    ProgressItem(Progress* owner, std::size_t number) : owner_(owner), number_(number) {}
    ~ProgressItem();
    ProgressItem(ProgressItem&& other) noexcept;
    ProgressItem& operator=(ProgressItem&& other) noexcept;
    ProgressItem(const ProgressItem&) = delete;
    ProgressItem& operator=(const ProgressItem&) = delete;

    /// So many bytes more are done.
    void add(std::uint64_t bytes);
    /// The item is complete; `how` is a word for the user ("done", "exists already", "mounted").
    void finish(std::string_view how = "done");

private:
    Progress* owner_ = nullptr;
    std::size_t number_ = 0;
};

/// Where items report to.
class Progress {
public:
    /// Writes to `output` (usually standard error), which must stay open.
    static std::unique_ptr<Progress> open(ProgressStyle style, oci::BorrowedFd output);
    Progress() = default;
    virtual ~Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Begins an item of `total` bytes (0: unknown), of which `done` are there already. `name` is shown,
    /// short: "layer 1a2b3c4d5e6f".
    virtual ProgressItem start(std::string name, std::uint64_t total, std::uint64_t done = 0) = 0;
    /// A line of its own ("pulled docker.io/library/debian:12").
    virtual void say(const std::string& text) = 0;

protected:
    friend class ProgressItem;
    virtual void advance(std::size_t number, std::uint64_t bytes) = 0;
    virtual void end(std::size_t number, std::string_view how, bool failed) = 0;
};

}  // namespace ocimg
