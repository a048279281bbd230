#pragma once
// Everything that COPY, ADD and mounts take files from while a build runs: contexts, stages, images.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "imagetool/build/build_graph.hpp"
#include "imagetool/build/select_files.hpp"
#include "imagetool/build/stage_files.hpp"
#include "imagetool/dockerfile/ignore_file.hpp"

namespace ocimg::build {

/// A directory that the user gave, without what its ignore file leaves out.
struct BuildContext {
    oci::Fd root;
    dockerfile::IgnoreMatcher ignore;
    std::string name;        // for messages
    bool has_dates = false;  // the times of its files count
};

/// An opened source of files.
struct OpenedTree {
    oci::Fd root;
    const dockerfile::IgnoreMatcher* ignore = nullptr;
    bool is_context = false;
    bool has_dates = true;  // false: the times of its files do not count
    std::string name;
    std::string key;        // equal keys: the same files; empty for contexts, whose files must be read
    std::int64_t time = 0;  // of its newest input; 0 for contexts

    [[nodiscard]] FileTree tree() const {
        return {
            .root = root, .ignore = ignore, .is_context = is_context, .has_dates = has_dates, .name = name};
    }
};

class Trees {
public:
    /// `empty` is an empty directory. `salt` goes into every key.
    Trees(const BuildGraph& graph, std::deque<BuildContext> contexts, LayerDirectories& directories,
          oci::Fd empty, std::string salt);

    /// The files that a stage begins with. The stage it is built on must be finished.
    [[nodiscard]] StageFiles base_files(const PlannedStage& stage) const;
    /// Notes what a stage's files are.
    void finish_stage(std::size_t index, StageFiles files);
    [[nodiscard]] StageFiles files_of_stage(std::size_t index) const;

    /// What is known of a source without opening it: its key and time.
    [[nodiscard]] OpenedTree describe(const TreeSource& source) const;
    [[nodiscard]] oci::Result<OpenedTree> open(const TreeSource& source) const;

    [[nodiscard]] LayerDirectories& directories() const { return directories_; }
    [[nodiscard]] oci::BorrowedFd empty() const { return empty_; }

private:
    [[nodiscard]] StageFiles files_of(const TreeSource& source) const;

    const BuildGraph& graph_;
    std::deque<BuildContext> contexts_;
    LayerDirectories& directories_;
    oci::Fd empty_;
    std::string salt_;
    mutable std::mutex mutex_;
    std::map<std::size_t, StageFiles> finished_;
};

}  // namespace ocimg::build
