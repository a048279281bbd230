#include "conformance/harness/requirements.hpp"

#include <fcntl.h>

#include <algorithm>
#include <set>

#include "base/file.hpp"
#include "conformance/harness/yaml_file.hpp"

namespace conformance {
namespace {

oci::Result<std::vector<std::string>> sorted_names(const std::string& directory) {
    const oci::Fd fd = TRY(oci::open_file(directory, O_RDONLY | O_DIRECTORY));
    std::vector<std::string> names = TRY(oci::list_directory(fd));
    std::sort(names.begin(), names.end());
    return names;
}

oci::Result<void> load_file(const std::string& path, std::vector<Requirement>& requirements) {
    const Json document = TRY(read_yaml(path));
    for (const Json& item : document["requirements"].items()) {
        Requirement one;
        one.id = item["id"].str();
        one.spec = document["specification"].str();
        one.file = document["file"].str();
        one.heading = item["heading"].str();
        one.anchor = item["anchor"].str();
        one.level = item["level"].str();
        one.text = item["text"].str();
        one.untested = item["untested"].str();
        for (const Json& name : item["cases"].items()) one.cases.push_back(name.str());
        for (const std::string* field : {&one.id, &one.spec, &one.file, &one.anchor, &one.level, &one.text})
            if (field->empty())
                return oci::failure(oci::ErrorCode::invalid,
                                    path + ": requirement " + quoted(one.id) +
                                        ": id, anchor, level and text must not be empty");
        if (one.cases.empty() == one.untested.empty())
            return oci::failure(oci::ErrorCode::invalid, path + ": requirement " + quoted(one.id) +
                                                             ": expected either cases or untested");
        requirements.push_back(std::move(one));
    }
    return {};
}

}  // namespace

oci::Result<std::vector<Requirement>> load_requirements(const std::string& directory) {
    std::vector<Requirement> requirements;
    for (const std::string& spec : TRY(sorted_names(directory))) {
        if (spec.find('.') != std::string::npos) continue;
        for (const std::string& name : TRY(sorted_names(directory + "/" + spec)))
            if (name.ends_with(".yaml")) TRY(load_file(directory + "/" + spec + "/" + name, requirements));
    }
    return requirements;
}

std::vector<std::string> check_coverage(const std::vector<Requirement>& requirements,
                                        const std::vector<std::string>& case_names) {
    std::vector<std::string> problems;
    const std::set<std::string> known(case_names.begin(), case_names.end());
    std::set<std::string> cited;
    std::set<std::string> ids;
    for (const Requirement& one : requirements) {
        if (!ids.insert(one.id).second) problems.push_back("two requirements are called " + one.id);
        for (const std::string& name : one.cases) {
            cited.insert(name);
            if (!known.contains(name)) problems.push_back(one.id + ": there is no case " + name);
        }
    }
    for (const std::string& name : known)
        if (!cited.contains(name)) problems.push_back("the case " + name + " tests no requirement");
    return problems;
}

oci::Result<std::vector<std::string>> check_texts(const std::vector<Requirement>& requirements,
                                                  const std::string& directory) {
    std::vector<std::string> problems;
    std::set<std::pair<std::string, std::string>> files;
    for (const Requirement& one : requirements) files.insert({one.spec, one.file});
    for (const auto& [spec, file] : files) {
        const std::string path = spec + "/" + file;
        const std::string text =
            TRY(oci::read_file(oci::current_directory, directory + "/" + path, 16UL * 1024 * 1024));
        std::set<std::string> accounted;
        for (const Requirement& one : requirements)
            if (one.spec == spec && one.file == file) accounted.insert(one.anchor);
        std::set<std::string> present;
        for (const Statement& statement : find_statements(spec, file, text)) {
            present.insert(statement.anchor);
            if (!accounted.contains(statement.anchor) && spec != "distribution-spec")
                problems.push_back(path + ":" + std::to_string(statement.line) +
                                   ": no requirement has the anchor " + statement.anchor + ": " +
                                   statement.text);
        }
        for (const Requirement& one : requirements)
            if (one.spec == spec && one.file == file && !present.contains(one.anchor))
                problems.push_back(one.id + ": no sentence of " + path + " has the anchor " + one.anchor);
    }
    return problems;
}

}  // namespace conformance
