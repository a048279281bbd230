#include <map>

#include "base/text.hpp"
#include "imagetool/build/output_files.hpp"
#include "imagetool/dockerfile/mount_option.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg::build {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

/// NAME=VALUE,NAME=VALUE; what nobody took is unknown.
class Fields {
public:
    static Result<Fields> parse(const std::string& text) {
        Fields fields;
        for (const std::string& field : TRY(dockerfile::comma_separated(text))) {
            const std::size_t equals = field.find('=');
            if (equals == std::string::npos)
                return failure(ErrorCode::invalid, "expected NAME=VALUE, found " + quote(field));
            fields.values_[oci::to_lower(field.substr(0, equals))] = field.substr(equals + 1);
        }
        return fields;
    }
    std::string take(const char* name) {
        const auto found = values_.find(name);
        if (found == values_.end()) return {};
        std::string value = std::move(found->second);
        values_.erase(found);
        return value;
    }
    [[nodiscard]] Result<void> finish() const {
        if (values_.empty()) return {};
        return failure(ErrorCode::invalid, "unknown key " + quote(values_.begin()->first));
    }

private:
    std::map<std::string, std::string> values_;
};

OutputRequest request_for(ImagePlace place) {
    std::string destination = place.text;
    return OutputRequest{
        .kind = OutputRequest::Kind::image, .destination = std::move(destination), .place = std::move(place)};
}

/// The tag alone, as an OCI archive names its image: "1" of "docker.io/library/app:1".
std::string short_tag(const ImagePlace& place) {
    return place.reference.has_value() ? place.reference->tag_or_default() : place.tag;
}

Result<OutputRequest> files_output(const std::string& type, Fields& fields) {
    OutputRequest request;
    request.kind = type == "tar" ? OutputRequest::Kind::tar : OutputRequest::Kind::directory;
    request.destination = fields.take("dest");
    if (request.destination.empty() && type == "tar") request.destination = "-";
    if (request.destination.empty()) return failure(ErrorCode::invalid, "dest is missing");
    return request;
}

Result<OutputRequest> archive_output(const std::string& type, Fields& fields,
                                     const std::vector<ImagePlace>& names) {
    ImagePlace place{.kind = type == "docker" ? PlaceKind::docker_archive : PlaceKind::oci_archive,
                     .path = fields.take("dest"),
                     .tag = fields.take("name"),
                     .digest = std::nullopt,
                     .reference = std::nullopt,
                     .text = {}};
    if (place.path.empty() || place.path == "-")
        return failure(ErrorCode::invalid, "dest, the path of a file, is missing");
    if (const std::string tar = fields.take("tar"); tar == "false" && type == "oci") {
        place.kind = PlaceKind::layout;
    } else if (!tar.empty() && tar != "true") {
        return failure(ErrorCode::invalid, "tar: found " + quote(tar) + ", allowed are true and false");
    }
    if (place.tag.empty() && !names.empty())
        place.tag = type == "docker" ? familiar_name(names.front().tag) : short_tag(names.front());
    if (place.tag.empty() && place.kind != PlaceKind::docker_archive) place.tag = "latest";
    place.text = place.path;
    return request_for(std::move(place));
}

/// type=image and type=registry: names in the store, or in registries when they are pushed.
Result<std::vector<OutputRequest>> named_output(const std::string& type, Fields& fields,
                                                const std::vector<ImagePlace>& names) {
    const std::string push = fields.take("push");
    if (!push.empty() && push != "true" && push != "false")
        return failure(ErrorCode::invalid, "push: found " + quote(push) + ", allowed are true and false");
    const bool pushes = type == "registry" || push == "true";
    std::vector<ImagePlace> places;
    if (const std::string name = fields.take("name"); !name.empty()) {
        for (const std::string& one : oci::split(name, ','))
            places.push_back(TRY(parse_store_name(oci::trim(one))));
    } else {
        places = names;
    }
    if (places.empty()) return failure(ErrorCode::invalid, "it has no name, and there is no --tag");
    std::vector<OutputRequest> requests;
    requests.reserve(places.size());
    for (const ImagePlace& place : places)
        requests.push_back(pushes ? TRY(push_of(place)) : request_for(place));
    return requests;
}

Result<std::vector<OutputRequest>> parse_fields(const std::string& text,
                                                const std::vector<ImagePlace>& names) {
    Fields fields = TRY(Fields::parse(text));
    const std::string type = fields.take("type");
    std::vector<OutputRequest> requests;
    if (type == "local" || type == "tar") {
        requests.push_back(TRY(files_output(type, fields)));
    } else if (type == "oci" || type == "docker") {
        requests.push_back(TRY(archive_output(type, fields, names)));
    } else if (type == "image" || type == "registry") {
        requests = TRY(named_output(type, fields, names));
    } else {
        return failure(ErrorCode::invalid, "type: found " + quote(type) +
                                               ", allowed are local, tar, oci, docker, image and registry");
    }
    TRY(fields.finish());
    return requests;
}

bool has_transport(const std::string& text) {
    for (const char* transport : {"oci:", "oci-archive:", "docker-archive:", "docker://"})
        if (text.starts_with(transport)) return true;
    return false;
}

}  // namespace

Result<OutputRequest> push_of(const ImagePlace& name) {
    if (!name.reference.has_value())
        return failure(ErrorCode::invalid,
                       quote(name.text) + " is no name of a registry: it cannot be pushed");
    return request_for(TRY(parse_image_place("docker://" + name.tag, BareName::store, is_layout_directory)));
}

Result<std::vector<OutputRequest>> parse_output(const std::string& text,
                                                const std::vector<ImagePlace>& names) {
    const std::string context = "--output " + quote(text);
    if (text == "-") return std::vector{OutputRequest{OutputRequest::Kind::tar, text, std::nullopt}};
    if (has_transport(text)) {
        ImagePlace place = TRY(parse_image_place(text, BareName::store, is_layout_directory).in(context));
        if (place.tag.empty() && !names.empty())
            place.tag = place.kind == PlaceKind::docker_archive ? familiar_name(names.front().tag)
                                                                : short_tag(names.front());
        return std::vector{request_for(std::move(place))};
    }
    if (text.find('=') == std::string::npos)
        return std::vector{OutputRequest{OutputRequest::Kind::directory, text, std::nullopt}};
    return parse_fields(text, names).in(context);
}

}  // namespace ocimg::build
