// RegistryClient: manifests (distribution-spec "Pulling manifests", "Pushing Manifests", "Deleting").

#include "base/text.hpp"
#include "imagetool/remote/registry_client.hpp"
#include "imagetool/stream/hashing.hpp"
#include "spec/image/digest.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"

namespace ocimg {

/// The property by which documents name their own type.
struct TypedDocument {
    std::string media_type;
};

}  // namespace ocimg

template <>
struct oci::spec::FieldsOf<ocimg::TypedDocument> {
    static constexpr const char* section = "descriptor.md \"Properties\"";
    static void list(auto& fields, auto& self) { fields.optional("mediaType", self.media_type); }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Descriptor;

std::string digest_of(std::string_view text, std::string_view like) {
    const auto algorithm = algorithm_of(like);
    Hasher hasher(algorithm ? *algorithm : HashAlgorithm::sha256);
    hasher.update(bytes_of(text));
    return hasher.finish();
}

bool is_digest(std::string_view text) {
    return text.find(':') != std::string_view::npos;
}

std::string without_parameters(const std::string& content_type) {
    return oci::to_lower(oci::trim(std::string_view(content_type).substr(0, content_type.find(';'))));
}

/// The type of a document: what the registry says, which must not contradict what the document says itself.
Result<std::string> type_of(const HttpResponse& response) {
    const std::string stated = without_parameters(response.headers.find("content-type").value_or(""));
    const auto document = oci::spec::read_json<TypedDocument>(response.body, "manifest");
    if (!document) return document.error();
    const std::string own = oci::to_lower(document->media_type);
    const bool known = oci::spec::media_kind(stated) != oci::spec::MediaKind::other;
    if (known && !own.empty() && own != stated) {
        return failure(ErrorCode::invalid,
                       "the manifest calls itself " + quote(own) + ", the Content-Type is " + quote(stated));
    }
    const std::string type = known ? stated : own;
    if (!type.empty()) return type;
    return failure(ErrorCode::unsupported, "neither the Content-Type (" + quote(stated) +
                                               ") nor the document says what kind of manifest it is");
}

/// A Docker-Content-Digest counts when it can be compared, and must then be right.
Result<void> check_digest_header(const HttpResponse& response, std::string_view text) {
    const auto header = response.headers.find("docker-content-digest");
    if (!header.has_value() || !algorithm_of(*header)) return {};
    const std::string computed = digest_of(text, *header);
    if (computed == *header) return {};
    return failure(ErrorCode::invalid,
                   "the registry says digest " + quote(*header) + ", the content has " + computed);
}

}  // namespace

RegistryClient::RegistryClient(std::shared_ptr<RegistrySession> session, std::string repository, bool writes)
    : session_(std::move(session)),
      repository_(std::move(repository)),
      scope_("repository:" + repository_ + (writes ? ":pull,push" : ":pull")) {}

RegistryRequest RegistryClient::request(const char* method, const std::string& below) const {
    RegistryRequest request;
    request.http.method = method;
    request.http.url = session_->url("/v2/" + repository_ + below);
    request.scope = scope_;
    return request;
}

std::string RegistryClient::context(const std::string& what) const {
    return authority_text(session_->address().origin) + "/" + repository_ + (what.empty() ? "" : ": " + what);
}

Result<RemoteManifest> RegistryClient::manifest(const std::string& tag_or_digest) const {
    const std::string where = context("manifest " + tag_or_digest);
    RegistryRequest get = request("GET", "/manifests/" + tag_or_digest);
    get.http.answer_limit = manifest_limit;
    for (const std::string_view type :
         {oci::spec::media_type::index, oci::spec::media_type::manifest, oci::spec::media_type::docker_index,
          oci::spec::media_type::docker_manifest}) {
        get.http.headers.push_back("Accept: " + std::string(type));
    }
    HttpResponse response = TRY(session_->send(get).in(where));
    if (response.status != 200) return registry_failure(response).in(where);
    TRY(check_digest_header(response, response.body).in(where));
    RemoteManifest manifest{.media_type = TRY(type_of(response).in(where)),
                            .digest = digest_of(response.body, is_digest(tag_or_digest) ? tag_or_digest : ""),
                            .text = std::move(response.body)};
    if (is_digest(tag_or_digest) && manifest.digest != tag_or_digest) {
        return failure(ErrorCode::invalid, where + ": the content has the digest " + manifest.digest);
    }
    return manifest;
}

Result<std::optional<Descriptor>> RegistryClient::find_manifest(const std::string& tag_or_digest) const {
    RegistryRequest head = request("HEAD", "/manifests/" + tag_or_digest);
    for (const std::string_view type :
         {oci::spec::media_type::index, oci::spec::media_type::manifest, oci::spec::media_type::docker_index,
          oci::spec::media_type::docker_manifest}) {
        head.http.headers.push_back("Accept: " + std::string(type));
    }
    const std::string where = context("manifest " + tag_or_digest);
    const HttpResponse response = TRY(session_->send(head).in(where));
    if (response.status == 404) return std::optional<Descriptor>();
    if (response.status != 200) return registry_failure(response).in(where);
    Descriptor descriptor;
    descriptor.media_type = without_parameters(response.headers.find("content-type").value_or(""));
    descriptor.digest = response.headers.find("docker-content-digest").value_or("");
    const auto length = response.headers.find("content-length");
    descriptor.size = oci::parse_integer<std::int64_t>(length.value_or("")).value_or(0);
    return std::optional(descriptor);
}

Result<bool> RegistryClient::put_manifest(const std::string& tag_or_digest, const std::string& media_type,
                                          const std::string& text) const {
    const std::string where = context("push manifest " + tag_or_digest);
    RegistryRequest put = request("PUT", "/manifests/" + tag_or_digest);
    put.http.headers.push_back("Content-Type: " + media_type);
    put.http.text = text;
    const HttpResponse response = TRY(session_->send(put).in(where));
    if (response.status != 201) return registry_failure(response).in(where);
    TRY(check_digest_header(response, text).in(where));
    return response.headers.find("oci-subject").has_value();
}

Result<void> RegistryClient::remove_manifest(const std::string& tag_or_digest) const {
    const std::string where = context("delete " + tag_or_digest);
    RegistryRequest remove = request("DELETE", "/manifests/" + tag_or_digest);
    remove.scope = "repository:" + repository_ + ":delete,pull";
    const HttpResponse response = TRY(session_->send(remove).in(where));
    if (response.status == 202 || response.status == 200) return {};
    return registry_failure(response).in(where);
}

}  // namespace ocimg
