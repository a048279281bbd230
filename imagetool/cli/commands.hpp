#pragma once
// The commands of ocimg, one function and one file each: options, calls, output.

#include "base/command_line.hpp"
#include "base/result.hpp"

namespace ocimg {

oci::Result<void> run_append(const oci::cli::Values& values);
oci::Result<void> run_config(const oci::cli::Values& values);
oci::Result<void> run_generate(const oci::cli::Values& values);
oci::Result<void> run_inspect(const oci::cli::Values& values);
oci::Result<void> run_list(const oci::cli::Values& values);
oci::Result<void> run_new(const oci::cli::Values& values);
oci::Result<void> run_unpack(const oci::cli::Values& values);

}  // namespace ocimg
