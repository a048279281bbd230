#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "imagetool/remote/credentials.hpp"
#include "imagetool/remote/registries_conf.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::Result;

constexpr std::size_t file_limit = 4U << 20U;

Result<void> merge_file(RegistriesConf& conf, const std::string& path) {
    // Not read_file(): /dev/null stands for "no configuration", and a pipe is as good as a file.
    const oci::Fd file = TRY(oci::open_file(path, O_RDONLY));
    const std::string text = TRY(oci::read_all(file, file_limit).in(path));
    merge_registries_conf(conf, TRY(parse_registries_conf(text, path)));
    return {};
}

/// The files "*.conf" of a directory in the order of their names.
Result<void> merge_directory(RegistriesConf& conf, const std::string& path) {
    auto directory = oci::open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory)
        return directory.error().code == ErrorCode::not_found ? Result<void>{} : directory.error();
    std::vector<std::string> names = TRY(oci::list_directory(*directory).in(path));
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
        if (name.ends_with(".conf")) TRY(merge_file(conf, path + "/" + name));
    }
    return {};
}

}  // namespace

Result<RegistriesConf> read_registries_conf(const std::string& chosen) {
    RegistriesConf conf;
    std::string named = chosen.empty() ? environment_value("CONTAINERS_REGISTRIES_CONF") : chosen;
    if (!named.empty()) {
        TRY(merge_file(conf, named));
        return conf;
    }
    const std::string system = "/etc/containers/registries.conf";
    std::string own = environment_value("XDG_CONFIG_HOME");
    if (own.empty()) own = environment_value("HOME") + "/.config";
    own += "/containers/registries.conf";
    const std::string& main_file = ::access(own.c_str(), F_OK) == 0 ? own : system;
    auto merged = merge_file(conf, main_file);
    if (!merged && merged.error().code != ErrorCode::not_found) return merged.error();
    TRY(merge_directory(conf, system + ".d"));
    TRY(merge_directory(conf, own + ".d"));
    return conf;
}

}  // namespace ocimg
