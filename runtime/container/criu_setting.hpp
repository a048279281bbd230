#pragma once
// What CRIU has to be told of a container: what of it comes from outside, and where its cgroups are. Host
// process.

#include <string>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "runtime/plan/container_plan.hpp"
#include "runtime/protocol/criu_message.hpp"

namespace ocirun {

/// In the images directory, as runc and crun write it: what 0, 1 and 2 of init were.
inline constexpr const char* descriptors_file = "descriptors.json";

/// An annotation of runc's: CRIU's configuration file; present but empty means none. It names a place of the
/// host, so that another file than the usual one counts with --unsafe-annotations only.
std::string criu_configuration_file(const std::map<std::string, std::string>& annotations,
                                    bool unsafe_annotations, std::vector<std::string>& warnings);

/// Bind mounts, devices and masks of a running container; `root` is its root directory.
std::vector<std::pair<std::string, std::string>> mounts_for_dump(const ContainerPlan& plan,
                                                                 oci::BorrowedFd root);
/// The same with the sources that they have now. Makes mount points that the root lacks, as create does.
oci::Result<std::vector<std::pair<std::string, std::string>>> mounts_for_restore(const ContainerPlan& plan,
                                                                                 oci::BorrowedFd root);

/// Namespaces that the container has joined: outside of what is dumped.
oci::Result<std::vector<std::string>> namespaces_for_dump(const NamespacePlan& plan);
/// They must exist again: network and pid by descriptors that CRIU inherits (added to `opened`), the others
/// by path.
oci::Result<void> namespaces_for_restore(const NamespacePlan& plan, CriuOptions& options,
                                         std::vector<oci::Fd>& opened);

/// Where the process stands in each hierarchy: controllers and path.
oci::Result<std::vector<std::pair<std::string, std::string>>> cgroups_of(pid_t pid);

/// Asks the program for its version, 31701 for 3.17.1; older ones than 3.0 are refused.
oci::Result<std::uint32_t> criu_version(const std::string& program);
/// Asks for features that dumping needs; the error names what is missing.
oci::Result<void> require_criu_features(const std::string& program, const CriuFeatureSet& wanted);

/// Opens a directory, made (mode 0700) when `make` says so.
oci::Result<oci::Fd> open_images(const std::string& path, bool make, const char* option);

}  // namespace ocirun
