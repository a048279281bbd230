#pragma once
// The options that the tables of commands are made of. Pure.

#include <string>
#include <vector>

#include "base/command_line.hpp"

namespace ocirun {

/// A switch: "detach".
oci::cli::Option flag(std::string name, std::string help, std::string short_name = "");
/// An option with one value; the last one given counts.
oci::cli::Option value(std::string name, std::string value_name, std::string help,
                       std::string short_name = "",
                       oci::cli::Completes completes = oci::cli::Completes::nothing);
/// An option that may be given several times.
oci::cli::Option list(std::string name, std::string value_name, std::string help,
                      std::string short_name = "");
/// -f, --format with the words that are allowed, the first one by default.
oci::cli::Option format(std::vector<std::string> words, std::string help);
/// The same option, accepted but not shown.
oci::cli::Option hidden(oci::cli::Option option);

}  // namespace ocirun
