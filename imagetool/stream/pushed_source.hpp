#pragma once
// What is made for pushing into a sink, as a source that is pulled from.

#include <functional>
#include <thread>

#include "imagetool/stream/bounded_pipe.hpp"
#include "imagetool/stream/byte_stream.hpp"

namespace ocimg {

/// Runs the writer on a thread of its own; its error is given to the reader at the end. Dropped early, the
/// next write is refused, and the writer must return then.
class PushedSource final : public ByteSource {
public:
    using Writer = std::function<oci::Result<void>(ByteSink&)>;
    explicit PushedSource(Writer writer)
        : pipe_(pipe_size), thread_([this, write = std::move(writer)] { pipe_.close(write(pipe_)); }) {}
    ~PushedSource() override {
        pipe_.abandon();
        thread_.join();
    }
    PushedSource(const PushedSource&) = delete;
    PushedSource& operator=(const PushedSource&) = delete;

    oci::Result<std::size_t> read(std::span<std::byte> buffer) override { return pipe_.read(buffer); }

private:
    static constexpr std::size_t pipe_size = 1U << 20U;
    BoundedPipe pipe_;
    std::thread thread_;  // last: it uses the pipe
};

}  // namespace ocimg
