#include "spec/runtime/config_json.hpp"

#include <utility>

#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"
#include "spec/runtime/config_fields.hpp"
#include "spec/runtime/features_fields.hpp"
#include "spec/runtime/update_fields.hpp"
#include "spec/runtime/validate.hpp"

namespace oci::spec {

namespace {

/// Gives each finding its position.
void place(std::vector<Finding>& findings, const Document& document, const std::string& file,
           std::string_view prefix) {
    for (Finding& finding : findings) {
        if (finding.path.starts_with(prefix)) finding.path.erase(0, prefix.size());
        if (finding.path.starts_with('.')) finding.path.erase(0, 1);
        const Position position = document.position_of(document.locate(finding.path));
        finding.file = file;
        finding.line = position.line;
        finding.column = position.column;
    }
}

/// Reads and, when the text is well typed, validates. `prefix` is what the validator's paths have in
/// front of the paths of this document ("linux.resources" for a lone resources object).
template <class T, class Validate>
Result<T> load(std::string_view text, const std::string& file, std::string_view prefix,
               Validate validate_value) {
    const Document document = TRY(parse_json(text, file));
    Reader reader(document, file);
    T value{};
    reader.read(document.root(), value);
    if (!reader.findings().empty()) return to_error(reader.findings());
    std::vector<Finding> findings = validate_value(value);
    if (findings.empty()) return value;
    place(findings, document, file, prefix);
    return to_error(findings);
}

}  // namespace

Result<RuntimeConfig> parse_runtime_config(std::string_view text, const std::string& file) {
    return load<RuntimeConfig>(text, file, "", [](const RuntimeConfig&) { return std::vector<Finding>{}; });
}

Result<RuntimeConfig> load_runtime_config(std::string_view text, const std::string& file) {
    return load<RuntimeConfig>(text, file, "", validate);
}

Result<std::vector<Finding>> find_violations(std::string_view text, const std::string& file) {
    const Document document = TRY(parse_json(text, file));
    Reader reader(document, file);
    RuntimeConfig config;
    reader.read(document.root(), config);
    if (!reader.findings().empty()) return reader.findings();
    std::vector<Finding> findings = validate(config);
    place(findings, document, file, "");
    return findings;
}

Result<Process> parse_process(std::string_view text, const std::string& file) {
    return load<Process>(text, file, "process", validate_process);
}

Result<Resources> parse_resources(std::string_view text, const std::string& file) {
    return load<Resources>(text, file, "linux.resources", validate_resources);
}

Result<Update> parse_update(std::string_view text, const std::string& file) {
    return load<Update>(text, file, "linux.resources", validate_update);
}

Result<std::vector<Mount>> parse_mounts(std::string_view text, const std::string& file) {
    return load<std::vector<Mount>>(text, file, "mounts", [](const std::vector<Mount>& mounts) {
        return validate_update({.resources = {}, .mounts = mounts, .device_nodes = {}});
    });
}

Result<State> parse_state(std::string_view text, const std::string& file) {
    return read_json<State>(text, file);
}

Result<Features> parse_features(std::string_view text, const std::string& file) {
    return read_json<Features>(text, file);
}

std::string to_json(const RuntimeConfig& config, std::string_view indent) {
    return write_json(config, indent);
}
std::string to_json(const Process& process, std::string_view indent) {
    return write_json(process, indent);
}
std::string to_json(const Resources& resources, std::string_view indent) {
    return write_json(resources, indent);
}
std::string to_json(const State& state, std::string_view indent) {
    return write_json(state, indent);
}
std::string to_json(const ContainerProcessState& state, std::string_view indent) {
    return write_json(state, indent);
}
std::string to_json(const Features& features, std::string_view indent) {
    return write_json(features, indent);
}

}  // namespace oci::spec
