#include "conformance/harness/yaml_file.hpp"

#include <yaml-cpp/yaml.h>

namespace conformance {
namespace {

Json convert(const YAML::Node& node) {
    if (node.IsSequence()) {
        Json array = Json::array();
        for (const YAML::Node& item : node) array.push(convert(item));
        return array;
    }
    if (node.IsMap()) {
        Json object = Json::object();
        for (const auto& member : node) object.put(member.first.Scalar(), convert(member.second));
        return object;
    }
    return node.IsScalar() ? Json::text(node.Scalar()) : Json();
}

}  // namespace

oci::Result<Json> read_yaml(const std::string& path) {
    // The library reports by exceptions; they end here.
    try {
        return convert(YAML::LoadFile(path));
    } catch (const YAML::Exception& problem) {
        return oci::failure(oci::ErrorCode::invalid, path + ": " + problem.what());
    }
}

}  // namespace conformance
