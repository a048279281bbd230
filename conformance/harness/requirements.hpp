#pragma once
// What the specifications demand, as data: requirements/**/*.yaml, each statement with the cases that test it
// or the reason why none can.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace conformance {

struct Requirement {
    std::string id;        // "config.mounts.order"
    std::string spec;      // "runtime-spec"
    std::string file;      // "config.md"
    std::string heading;   // of the section it stands in
    std::string anchor;    // hash of the sentence in the specification's text
    std::string level;     // MUST, MUST NOT, REQUIRED, SHOULD, SHOULD NOT
    std::string text;      // in our own words
    std::string untested;  // why there is no case; empty when there is one
    std::vector<std::string> cases;
};

/// All requirements, in the order of the files. An entry without id, level, text or answer is an error.
oci::Result<std::vector<Requirement>> load_requirements(const std::string& directory);

/// A line of a specification that demands something.
struct Statement {
    std::string spec;
    std::string file;
    std::size_t line = 0;
    std::string heading;
    std::string text;
    std::string anchor;
};

/// The lines of a specification's text that hold MUST, REQUIRED, SHOULD or SHALL, outside of examples.
std::vector<Statement> find_statements(const std::string& spec, const std::string& file,
                                       std::string_view text);
/// The anchor of a sentence: the FNV-1a hash of its words.
std::string anchor_of(std::string_view sentence);

/// Every reason why requirements and cases do not fit together. `case_names`: the cases of this program.
std::vector<std::string> check_coverage(const std::vector<Requirement>& requirements,
                                        const std::vector<std::string>& case_names);
/// Every statement of the texts below `directory` that no requirement accounts for, and every requirement
/// whose sentence is gone.
oci::Result<std::vector<std::string>> check_texts(const std::vector<Requirement>& requirements,
                                                  const std::string& directory);

}  // namespace conformance
