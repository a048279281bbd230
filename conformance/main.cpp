// oci-conformance: the suite that any OCI runtime and any image tool can be held to. See README.md.

#include <cstdio>
#include <string>
#include <vector>

#include "conformance/harness/program.hpp"

int main(int argc, char** argv) {
    const auto code = conformance::run_program(std::vector<std::string>(argv + 1, argv + argc));
    if (code) return *code;
    std::fprintf(stderr, "oci-conformance: %s\n", code.error().text.c_str());
    return 2;
}
