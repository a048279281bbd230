#include "imagetool/cli/owner_arguments.hpp"

#include "imagetool/cli/options.hpp"

namespace ocimg {

namespace {

oci::Result<std::vector<oci::spec::IdMapping>> map_argument(const oci::cli::Values& values,
                                                            const std::string& name) {
    std::vector<oci::spec::IdMapping> map;
    for (const std::string& text : values.all(name)) map.push_back(TRY(parse_id_map(text).in("--" + name)));
    return map;
}

}  // namespace

std::vector<oci::cli::Option> owner_options() {
    return {switch_option("rootless", "all files are one's own; other owners are kept in an attribute"),
            list_option("uid-map", "CONTAINER:HOST[:SIZE]", "user ids of the container and those of files"),
            list_option("gid-map", "CONTAINER:HOST[:SIZE]", "the same for group ids")};
}

oci::Result<OwnerRequest> owner_request(const oci::cli::Values& values) {
    OwnerRequest request;
    request.rootless = values.has("rootless");
    request.overlay = values.has("overlay");
    request.maps.uids = TRY(map_argument(values, "uid-map"));
    request.maps.gids = TRY(map_argument(values, "gid-map"));
    return request;
}

}  // namespace ocimg
