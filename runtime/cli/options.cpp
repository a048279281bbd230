#include "runtime/cli/options.hpp"

#include <utility>

namespace ocirun {

using oci::cli::Completes;
using oci::cli::Option;
using oci::cli::OptionKind;

Option flag(std::string name, std::string help, std::string short_name) {
    return {.name = std::move(name), .short_name = std::move(short_name), .help = std::move(help)};
}

Option value(std::string name, std::string value_name, std::string help, std::string short_name,
             Completes completes) {
    return {.name = std::move(name),
            .short_name = std::move(short_name),
            .kind = OptionKind::value,
            .value_name = std::move(value_name),
            .help = std::move(help),
            .completes = completes};
}

Option list(std::string name, std::string value_name, std::string help, std::string short_name) {
    Option option = value(std::move(name), std::move(value_name), std::move(help), std::move(short_name));
    option.kind = OptionKind::list;
    return option;
}

Option format(std::vector<std::string> words, std::string help) {
    Option option = value("format", "FORMAT", std::move(help), "f", Completes::words);
    option.default_value = words.front();
    option.words = std::move(words);
    return option;
}

Option hidden(Option option) {
    option.hidden = true;
    return option;
}

}  // namespace ocirun
