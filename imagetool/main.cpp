// ocimg: OCI images without a daemon. The command line is in imagetool/cli.

#include <string>
#include <vector>

#include "imagetool/cli/program.hpp"

int main(int count, char** words) {
    return ocimg::run_program(std::vector<std::string>(words + (count > 0 ? 1 : 0), words + count));
}
