// Prints Docker's default seccomp profile, as an engine puts it into linux.seccomp of config.json, for the
// benchmarks of starts with a filter.

#include <cstdio>

#include "imagetool/build/default_seccomp.hpp"
#include "spec/runtime/config.hpp"
#include "spec/runtime/config_json.hpp"

int main() {
    oci::spec::RuntimeConfig config;
    config.linux_section.emplace().seccomp = ocimg::build::default_seccomp("amd64");
    std::puts(oci::spec::to_json(config).c_str());
    return 0;
}
