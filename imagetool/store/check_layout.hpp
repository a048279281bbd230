#pragma once
// Checks a whole layout against image-spec: every document, every blob, every layer. Never stops at the first
// finding.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/json/finding.hpp"

namespace ocimg {

struct LayoutReport {
    std::vector<oci::spec::Finding> findings;  // `file` is relative to the layout
    std::uint64_t documents = 0;
    std::uint64_t blobs = 0;
    std::uint64_t layers = 0;
    std::vector<std::string> damaged;  // digests of blobs whose content is not what their name says
};

struct CheckOptions {
    bool contents = true;  // read every blob and unpack every layer; else only documents, sizes, presence
    /// Told what is going to be read next and how many bytes that is, then of each part of it.
    std::function<void(const std::string& what, std::uint64_t bytes)> on_start;
    std::function<void(std::uint64_t bytes)> on_read;
};

/// What is wrong with the layout at `path`. Only what cannot be looked at (no such directory) is an error,
/// and a user who gives up.
oci::Result<LayoutReport> check_layout(const std::string& path, const CheckOptions& options);

/// "manifests[0].annotations[\"a.b\"]" as a JSON pointer (RFC 6901): "/manifests/0/annotations/a.b".
std::string json_pointer(std::string_view path);

}  // namespace ocimg
