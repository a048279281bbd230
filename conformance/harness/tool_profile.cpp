#include "conformance/harness/tool_profile.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "conformance/harness/yaml_file.hpp"

namespace conformance {
namespace {

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::string expand_word(std::string word, const Placeholders& values) {
    for (const auto& [name, value] : values) {
        const std::string mark = "{" + name + "}";
        for (std::size_t at = word.find(mark); at != std::string::npos;
             at = word.find(mark, at + value.size()))
            word.replace(at, mark.size(), value);
    }
    return word;
}

std::vector<std::string> strings_of(const Json& array) {
    std::vector<std::string> strings;
    for (const Json& item : array.items()) strings.push_back(item.str());
    return strings;
}

}  // namespace

oci::Result<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        std::string path = TRY(oci::absolute_path(name));
        if (::access(path.c_str(), X_OK) != 0) return oci::last_system_failure(oci::quote(name));
        return path;
    }
    const char* path = std::getenv("PATH");
    for (const std::string& directory : oci::split(path == nullptr ? "/usr/sbin:/usr/bin" : path, ':')) {
        const std::string candidate = directory + "/" + name;
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return oci::failure(oci::ErrorCode::not_found, oci::quote(name) + " is not in PATH");
}

oci::Result<ToolProfile> load_profile(const std::string& tools_directory, const std::string& kind,
                                      const std::string& program, const std::string& profile) {
    ToolProfile tool;
    tool.program = TRY(find_program(program));
    std::string file = profile;
    if (file.find('/') == std::string::npos) {
        file = tools_directory + "/" + (profile.empty() ? base_name(program) : profile) + ".yaml";
        if (profile.empty() && ::access(file.c_str(), R_OK) != 0)
            file = tools_directory + "/generic-" + kind + ".yaml";
    }
    const Json document = TRY(read_yaml(file));
    if (document["kind"].str() != kind)
        return oci::failure(
            oci::ErrorCode::invalid,
            file + ": kind: found " + oci::quote(document["kind"].str()) + ", expected " + oci::quote(kind));
    tool.name = base_name(program);
    tool.kind = kind;
    const std::vector<std::string> global = strings_of(document["global"]);
    for (const auto& [verb, words] : document["commands"].members()) {
        std::vector<std::string> all =
            words[std::size_t{0}].str() == "{no-global}" ? std::vector<std::string>() : global;
        for (const Json& word : words.items())
            if (word.str() != "{no-global}") all.push_back(word.str());
        tool.command[verb] = std::move(all);
    }
    for (const auto& [name, value] : document["facts"].members()) tool.facts[name] = value.str();
    return tool;
}

std::vector<std::string> expand_command(const ToolProfile& tool, const std::string& verb,
                                        const Placeholders& values, const std::vector<std::string>& extra) {
    std::vector<std::string> words = {tool.program};
    const auto found = tool.command.find(verb);
    if (found == tool.command.end()) return words;
    for (const std::string& word : found->second) {
        if (word == "{extra}") {
            words.insert(words.end(), extra.begin(), extra.end());
        } else {
            words.push_back(expand_word(word, values));
        }
    }
    return words;
}

}  // namespace conformance
