#pragma once
// Steps as text for the history of an image: what `docker history` shows. Pure.

#include <string>
#include <vector>

#include "imagetool/build/build_graph.hpp"

namespace ocimg::build {

/// "RUN /bin/sh -c make", with the arguments in effect in front: "RUN |1 VERSION=2 /bin/sh -c make".
std::string describe_run(const RunStep& step, const std::vector<std::string>& args);

/// An expanded instruction that is no RUN. `config` is the stage's after it.
std::string describe_instruction(const dockerfile::Instruction& instruction,
                                 const oci::spec::ExecutionConfig& config);

/// The text with user and password of every URL in it left out.
std::string without_url_credentials(const std::string& text);

}  // namespace ocimg::build
