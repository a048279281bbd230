// RegistryClient: blobs going down, and what needs no upload (distribution-spec "Pulling blobs", "Mounting").

#include "imagetool/remote/blob_download.hpp"
#include "imagetool/remote/registry_client.hpp"

namespace ocimg {

using oci::Result;

Result<bool> RegistryClient::has_blob(const std::string& digest) const {
    const std::string where = context("blob " + digest);
    const HttpResponse response = TRY(session_->send(request("HEAD", "/blobs/" + digest)).in(where));
    if (response.status == 200) return true;
    if (response.status == 404) return false;
    return registry_failure(response).in(where);
}

Result<void> RegistryClient::fetch_blob(const oci::spec::Descriptor& blob, std::uint64_t offset,
                                        ByteSink& sink) const {
    const BlobRequest wanted{.repository = repository_,
                             .digest = blob.digest,
                             .size = static_cast<std::uint64_t>(blob.size),
                             .offset = offset,
                             .scope = scope_};
    return download_blob(*session_, wanted, sink);
}

Result<bool> RegistryClient::mount_blob(const std::string& digest, const std::string& from) const {
    const std::string where = context("mount blob " + digest + " from " + from);
    RegistryRequest post = request("POST", "/blobs/uploads/");
    add_query(post.http.url, "mount", digest);
    add_query(post.http.url, "from", from);
    post.scope = scope_ + " repository:" + from + ":pull";
    const HttpResponse response = TRY(session_->send(post).in(where));
    if (response.status == 201) return true;
    // Anything else is an answer too: the blob is uploaded. A session that was opened is given back.
    const auto location = response.headers.find("location");
    if (response.status != 202 || !location.has_value()) return false;
    RegistryRequest cancel = request("DELETE", "/");
    cancel.retry = Retry::no;
    cancel.http.url = TRY(session_->named_url(post.http.url, *location).in(where));
    static_cast<void>(session_->send(cancel).has_value());
    return false;
}

}  // namespace ocimg
