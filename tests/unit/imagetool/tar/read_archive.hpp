#pragma once
// All entries of an archive with their contents, for tests.

#include <string>
#include <vector>

#include "imagetool/tar/reader.hpp"

namespace ocimg::test {

struct ReadEntry {
    Entry entry;
    std::string content;
};

inline oci::Result<std::vector<ReadEntry>> read_archive(const std::string& bytes) {
    MemorySource source(bytes);
    BufferedSource blocks(source);
    TarReader reader(blocks);
    std::vector<ReadEntry> entries;
    Entry entry;
    while (TRY(reader.next(entry))) {
        std::string content(entry.sparse ? static_cast<std::size_t>(entry.size) : 0, '\0');
        for (;;) {
            const DataPiece piece = TRY(reader.read_data());
            if (piece.bytes.empty()) break;
            const auto offset = static_cast<std::size_t>(piece.offset);
            if (content.size() < offset + piece.bytes.size()) content.resize(offset + piece.bytes.size());
            content.replace(offset, piece.bytes.size(), text_of(piece.bytes));
        }
        entries.push_back({entry, content});
    }
    TRY(reader.drain());
    return entries;
}

/// The only entry of an archive.
inline oci::Result<Entry> read_one(const std::string& bytes) {
    std::vector<ReadEntry> entries = TRY(read_archive(bytes));
    if (entries.size() != 1) return oci::failure("there are " + std::to_string(entries.size()) + " entries");
    return entries.front().entry;
}

}  // namespace ocimg::test
