// RegistryClient: tags and referrers (distribution-spec "Content Discovery", "Unavailable Referrers API").

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "imagetool/remote/registry_client.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

/// The answer to tags/list.
struct TagList {
    std::vector<std::string> tags;
};

}  // namespace ocimg

template <>
struct oci::spec::FieldsOf<ocimg::TagList> {
    static constexpr const char* section = "distribution-spec \"Listing Tags\"";
    static void list(auto& fields, auto& self) { fields.optional("tags", self.tags); }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;
using oci::spec::ImageIndex;

constexpr std::size_t most_pages = 1000;
constexpr std::uint64_t page_limit = std::uint64_t{4} << 20U;
constexpr std::size_t most_tags = 1000000;

ImageIndex empty_index() {
    ImageIndex index;
    index.media_type = oci::spec::media_type::index;
    return index;
}

/// Follows Link headers on the registry's own origin, never to a page that was seen.
class Pages {
public:
    Pages(RegistrySession& session, Url first) : session_(session), url_(std::move(first)) {
        seen_.insert(to_text(url_));
    }
    [[nodiscard]] const Url& url() const { return url_; }
    /// False when `response` was the last page.
    Result<bool> go_on(const HttpResponse& response) {
        const auto next = next_page(response);
        if (!next.has_value()) return false;
        Url url = TRY(resolve_url(url_, *next));
        if (!same_origin(url, session_.address().origin)) {
            return failure(ErrorCode::invalid, "the next page is said to be at " + origin_text(url) +
                                                   ": only the registry itself may have it");
        }
        if (!seen_.insert(to_text(url)).second)
            return failure(ErrorCode::invalid, "the pages of the list form a loop");
        if (seen_.size() > most_pages)
            return failure(ErrorCode::invalid, "the list has more than 1000 pages");
        url_ = std::move(url);
        return true;
    }

private:
    RegistrySession& session_;
    Url url_;
    std::set<std::string> seen_;
};

bool is_allowed_in_tag(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

}  // namespace

std::optional<std::string> next_page(const HttpResponse& response) {
    for (const std::string& header : response.headers.all("link")) {
        const std::size_t open = header.find('<');
        const std::size_t close = header.find('>', open == std::string::npos ? 0 : open);
        if (open == std::string::npos || close == std::string::npos) continue;
        const std::string relation = oci::to_lower(std::string_view(header).substr(close));
        if (relation.find("rel=\"next\"") == std::string::npos &&
            relation.find("rel=next") == std::string::npos)
            continue;
        return header.substr(open + 1, close - open - 1);
    }
    return std::nullopt;
}

std::string referrers_tag_of(const std::string& digest) {
    const std::size_t colon = digest.find(':');
    std::string tag = digest.substr(0, std::min<std::size_t>(colon, 32)) + "-";
    if (colon != std::string::npos) tag += digest.substr(colon + 1, 64);
    std::replace_if(
        tag.begin(), tag.end(), [](char c) { return !is_allowed_in_tag(c); }, '-');
    return tag;
}

Result<std::vector<std::string>> RegistryClient::tags() const {
    const std::string where = context("list tags");
    RegistryRequest get = request("GET", "/tags/list");
    get.http.answer_limit = page_limit;
    Pages pages(*session_, get.http.url);
    std::vector<std::string> tags;
    while (true) {
        get.http.url = pages.url();
        const HttpResponse response = TRY(session_->send(get).in(where));
        if (response.status != 200) return registry_failure(response).in(where);
        TagList page = TRY(oci::spec::read_json<TagList>(response.body, "tags/list").in(where));
        std::move(page.tags.begin(), page.tags.end(), std::back_inserter(tags));
        if (tags.size() > most_tags) return failure(ErrorCode::invalid, where + ": more than 1000000 tags");
        if (!TRY(pages.go_on(response).in(where))) return tags;
    }
}

Result<bool> RegistryClient::has_referrers_api(const std::string& digest) const {
    RegistryRequest get = request("GET", "/referrers/" + digest);
    get.http.answer_limit = page_limit;
    return TRY(session_->send(get).in(context("referrers of " + digest))).status == 200;
}

Result<std::vector<Descriptor>> RegistryClient::referrers(const std::string& digest) const {
    const std::string where = context("referrers of " + digest);
    RegistryRequest get = request("GET", "/referrers/" + digest);
    get.http.answer_limit = page_limit;
    get.http.headers.push_back("Accept: " + std::string(oci::spec::media_type::index));
    Pages pages(*session_, get.http.url);
    std::vector<Descriptor> found;
    while (true) {
        get.http.url = pages.url();
        const HttpResponse response = TRY(session_->send(get).in(where));
        if (response.status == 404) {
            const auto index = TRY(referrers_tag(digest));
            return index.has_value() ? index->manifests : std::vector<Descriptor>();
        }
        if (response.status != 200) return registry_failure(response).in(where);
        ImageIndex page = TRY(oci::spec::parse_index(response.body, "referrers").in(where));
        std::move(page.manifests.begin(), page.manifests.end(), std::back_inserter(found));
        if (found.size() > most_tags)
            return failure(ErrorCode::invalid, where + ": more than 1000000 referrers");
        if (!TRY(pages.go_on(response).in(where))) return found;
    }
}

Result<std::optional<ImageIndex>> RegistryClient::referrers_tag(const std::string& subject) const {
    const auto manifest = this->manifest(referrers_tag_of(subject));
    if (!manifest) {
        if (manifest.error().code == ErrorCode::not_found) return std::optional<ImageIndex>();
        return manifest.error();
    }
    if (oci::spec::media_kind(manifest->media_type) != oci::spec::MediaKind::index) {
        return failure(ErrorCode::invalid, context("tag " + referrers_tag_of(subject)) + " is " +
                                               quote(manifest->media_type) +
                                               ": expected the index of referrers");
    }
    return std::optional(TRY(oci::spec::parse_index(manifest->text, "referrers", manifest->media_type)));
}

Result<void> RegistryClient::replace_referrers_tag(const std::string& subject,
                                                   const ImageIndex& index) const {
    TRY(put_manifest(referrers_tag_of(subject), std::string(oci::spec::media_type::index),
                     oci::spec::to_json(index)));
    return {};
}

Result<void> RegistryClient::add_referrer(const std::string& subject, const Descriptor& referrer) const {
    ImageIndex index = TRY(referrers_tag(subject)).value_or(empty_index());
    const bool known = std::any_of(index.manifests.begin(), index.manifests.end(),
                                   [&](const Descriptor& other) { return other.digest == referrer.digest; });
    if (known) return {};
    index.manifests.push_back(referrer);
    return replace_referrers_tag(subject, index);
}

Result<void> RegistryClient::remove_referrer(const std::string& subject, const std::string& digest) const {
    auto index = TRY(referrers_tag(subject));
    if (!index.has_value()) return {};
    const auto removed =
        std::erase_if(index->manifests, [&](const Descriptor& other) { return other.digest == digest; });
    return removed == 0 ? Result<void>{} : replace_referrers_tag(subject, *index);
}

}  // namespace ocimg
