#pragma once
// copy, add and import of a build file. Pure.

#include "imagetool/buildfile/yaml_reader.hpp"
#include "imagetool/dockerfile/instruction.hpp"

namespace ocimg::buildfile {

oci::Result<dockerfile::Body> read_copy(const YamlReader& reader, const YamlNode& node);
oci::Result<dockerfile::Body> read_add(const YamlReader& reader, const YamlNode& node);
/// `import: {source: URL, hash: sha256:..., to: /x, mode: "644", owner: 0:0, unpack: true}`: an ADD whose
/// content is known.
oci::Result<dockerfile::Body> read_import(const YamlReader& reader, const YamlNode& node);

}  // namespace ocimg::buildfile
