#pragma once
// What makes a step the same as one that was done before. A key is the hex digest of everything the step's
// files depend on: the files before it, its words, and the content that goes in. Pure.

#include <string>
#include <vector>

#include "imagetool/build/build_graph.hpp"

namespace ocimg::build {

/// Of no files at all, and of an image's. `salt` is what changes every result: SOURCE_DATE_EPOCH.
std::string key_of_nothing(const std::string& salt);
std::string key_of_image(const std::vector<std::string>& diff_ids, const std::string& salt);

/// RUN: its words, its variables (not those of proxies), its mounts. `mounted` are the keys of what bind
/// mounts show, in order; `hosts` the text of its /etc/hosts.
std::string key_of_run(const std::string& before, const RunStep& step,
                       const std::vector<std::string>& mounted, const std::string& hosts);

/// COPY and ADD: where it goes, how it is changed, and the content.
std::string key_of_copy(const std::string& before, const CopyStep& step, const std::string& content);

/// Files of a stage or image by name: the content is known to be the same when the whole tree is.
std::string key_of_selection(const std::string& tree, const CopyStep& step);

std::string key_of_workdir(const std::string& before, const WorkdirStep& step);

}  // namespace ocimg::build
