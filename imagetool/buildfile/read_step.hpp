#pragma once
// A step of a build file to an instruction. Pure.

#include "imagetool/buildfile/yaml_reader.hpp"
#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::buildfile {

/// Reads `- run: ...`, `- copy: ...` and so on. `escape` is the character that escapes in words.
oci::Result<dockerfile::Instruction> read_step(const YamlReader& reader, const YamlNode& step);
/// Reads `- name: a, default: b` and plain names.
oci::Result<dockerfile::Arg> read_arguments(const YamlReader& reader, const YamlNode& node);
/// The rules of `skip-checks`, in lower case.
oci::Result<std::vector<std::string>> read_skipped(const YamlReader& reader, const YamlNode& map);

}  // namespace ocimg::buildfile
