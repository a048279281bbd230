#pragma once
// gzip (RFC 1952) by ISA-L: streams of several members are read, one member is written.

#include <memory>

#include "imagetool/stream/compression.hpp"

namespace ocimg {

/// Inflates every member of `compressed`. Zero bytes after the last member are ignored; anything else
/// there, a damaged member or a missing end is an error.
std::unique_ptr<ByteSource> open_gzip_source(ByteSource& compressed);

/// Deflates into one member with modification time 0 and no name, on as many threads as there are
/// processors (eight at most). The number of threads does not show in the bytes: they are the same for the
/// same input on processors with the same vector instructions; ISA-L promises no more than that.
/// ISA-L has four levels, 0 to 3: a higher `level`, up to gzip's 9, means its highest.
std::unique_ptr<Compressor> open_gzip_sink(ByteSink& sink, int level = 2);

}  // namespace ocimg
