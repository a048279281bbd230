#include "imagetool/cli/edit_arguments.hpp"

#include <limits>

#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/save_image.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;

Result<NewLayerOptions> new_layer_options(const oci::cli::Values& values) {
    NewLayerOptions options;
    options.clamp_mtime = TRY(source_date_epoch());
    if (values.has("compression")) options.compression = TRY(compression_argument(values));
    return options;
}

Result<int> edit_image(const oci::cli::Values& values, const ImagePlace& place, const MakeImage& make) {
    oci::catch_interruptions();
    const std::string tag = TRY(new_tag_argument(values, place));
    NewLayerOptions layer_options = TRY(new_layer_options(values));
    const auto progress = TRY(open_progress(values));
    layer_options.progress = progress.get();
    const auto created = TRY(creation_time(values));
    auto [layout, query] = TRY(open_image_place(place, Access::change));
    query.platform = TRY(platform_argument(values));
    const LayoutLock lock = TRY(layout.lock());
    const FoundImage found = TRY(find_image(layout, query));
    const Image image = TRY(make({layout, found, layer_options, created}));
    const auto saved = TRY(save_image(layout, lock, tag, image.manifest, image.config, ExistingTag::replace));
    if (values.has("json")) TRY(print(written_as_json(tag, saved)));
    return 0;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    const oci::Error bad = failure(ErrorCode::invalid, quote(text) +
                                                           " is not a size: expected a number of bytes, or "
                                                           "one with k, M or G, as in 100M");
    std::uint64_t unit = 1;
    std::string_view digits = text;
    for (const char letter : {'k', 'M', 'G'}) {
        unit *= 1000;
        if (!text.ends_with(letter)) continue;
        digits.remove_suffix(1);
        break;
    }
    if (digits.size() == text.size()) unit = 1;
    const auto number = oci::parse_integer<std::uint64_t>(digits);
    if (!number.has_value() || *number == 0 || *number > std::numeric_limits<std::int64_t>::max() / unit)
        return bad;
    return *number * unit;
}

std::vector<oci::cli::Option> edit_options(const std::vector<oci::cli::Option>& own, bool new_layers) {
    std::vector<oci::cli::Option> options{image_option("image to change"), new_tag_option()};
    options.insert(options.end(), own.begin(), own.end());
    options.push_back(platform_option());
    if (new_layers) options.push_back(compression_option());
    options.push_back(created_option());
    options.push_back(progress_option());
    options.push_back(written_json_option());
    return options;
}

}  // namespace ocimg
