// ocirun: runs containers from OCI bundles.

#include "runtime/cli/commands.hpp"

int main(int argc, char** argv) {
    return ocirun::run_program(argc, argv);
}
