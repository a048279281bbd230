// Breaks the rules on purpose: the style tests have to find it.
#include <nlohmann/json.hpp>
#include <regex>

#include "runtime/cli/commands.hpp"

void run() {
    system("true");  // TODO
    const char* shell = "/bin/sh";
    // system( in a comment is no finding
    const char* text = "popen( in a string is none";
    static_cast<void>(shell), static_cast<void>(text);
}
