#include "imagetool/transfer/registry_source.hpp"

#include <functional>
#include <utility>

#include "base/interruption.hpp"
#include "base/text.hpp"
#include "imagetool/stream/pushed_source.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::spec::Descriptor;

/// Counts what passes, and remembers whether it was the sink that failed.
class WatchedSink final : public ByteSink {
public:
    explicit WatchedSink(ByteSink& sink) : sink_(sink) {}
    Result<void> write(std::span<const std::byte> data) override {
        auto written = sink_.write(data);
        if (written) passed_ += data.size();
        failed_ = failed_ || !written;
        return written;
    }
    [[nodiscard]] std::uint64_t passed() const { return passed_; }
    [[nodiscard]] bool failed() const { return failed_; }

private:
    ByteSink& sink_;
    std::uint64_t passed_ = 0;
    bool failed_ = false;
};

/// Asks one place after the other; the last one's error stands behind the reasons of the others.
template <class Value>
Result<Value> ask_in_turn(
    std::size_t first, std::size_t end, const std::function<Result<Value>(std::size_t place)>& ask,
    const std::function<bool()>& give_up = [] { return false; }) {
    std::string reasons;
    for (std::size_t place = first;; ++place) {
        Result<Value> answer = ask(place);
        if (answer || place + 1 >= end || give_up() || oci::interruption() != 0) {
            return reasons.empty() ? std::move(answer) : std::move(answer).in("(" + reasons + ")");
        }
        reasons += (reasons.empty() ? "mirror " : "; mirror ") + answer.error().text;
    }
}

}  // namespace

Result<Document> RegistrySource::fetch(std::size_t place, const std::string& name) {
    RemoteManifest manifest = TRY(clients_[place].manifest(name));
    return Document{.media_type = std::move(manifest.media_type),
                    .digest = std::move(manifest.digest),
                    .text = std::move(manifest.text)};
}

Result<Document> RegistrySource::root() {
    if (clients_.empty()) return failure("no registry to ask");
    return ask_in_turn<Document>(0, clients_.size(), [&](std::size_t place) {
        answering_ = place;
        return fetch(place, name_);
    });
}

Result<Document> RegistrySource::document(const Descriptor& descriptor) {
    Document document = TRY(ask_in_turn<Document>(
        answering_, clients_.size(), [&](std::size_t place) { return fetch(place, descriptor.digest); }));
    if (static_cast<std::int64_t>(document.text.size()) != descriptor.size) {
        return failure(ErrorCode::invalid,
                       "manifest " + descriptor.digest + " has " + std::to_string(document.text.size()) +
                           " bytes, its descriptor says " + std::to_string(descriptor.size));
    }
    return document;
}

Result<std::unique_ptr<ByteSource>> RegistrySource::open_blob(const Descriptor& blob, std::uint64_t offset) {
    return std::unique_ptr<ByteSource>(std::make_unique<PushedSource>(
        [this, blob, offset](ByteSink& sink) { return fetch_blob(blob, offset, sink); }));
}

std::size_t RegistrySource::first_place_for(const std::string& digest) {
    const std::lock_guard lock(mutex_);
    const auto found = distrusted_.find(digest);
    return found == distrusted_.end() ? answering_ : found->second;
}

Result<void> RegistrySource::fetch_blob(const Descriptor& blob, std::uint64_t offset, ByteSink& sink) {
    WatchedSink watched(sink);
    return ask_in_turn<void>(
        first_place_for(blob.digest), clients_.size(),
        [&](std::size_t place) {
            return clients_[place].fetch_blob(blob, offset + watched.passed(), watched);
        },
        [&] { return watched.failed(); });
}

bool RegistrySource::distrust(const Descriptor& blob) {
    const std::size_t next = first_place_for(blob.digest) + 1;
    if (next >= clients_.size()) return false;
    const std::lock_guard lock(mutex_);
    distrusted_[blob.digest] = next;
    return true;
}

Result<std::vector<Descriptor>> RegistrySource::referrers(const std::string& digest) {
    return clients_[answering_].referrers(digest);
}

RepositoryPlace RegistrySource::repository() const {
    const RegistryClient& client = clients_[std::min(answering_, clients_.size() - 1)];
    return {.origin = origin_text(client.session().address().origin), .repository = client.repository()};
}

Result<bool> RegistryTarget::has_root(const Document& document) {
    const auto found = TRY(client_.find_manifest(name_.empty() ? document.digest : name_));
    return found.has_value() && found->digest == document.digest;
}

Result<bool> RegistryTarget::has_blob(const Descriptor& blob) {
    if (known_->has(blob.digest)) return true;
    const bool there = TRY(client_.has_blob(blob.digest));
    if (there) known_->add(blob.digest);
    return there;
}

Result<bool> RegistryTarget::borrow_blob(const Descriptor& blob, const RepositoryPlace& from) {
    const bool same = from.origin == origin_text(client_.session().address().origin);
    const std::string& repository = same ? from.repository : options_.mount_from;
    if (repository.empty() || repository == client_.repository()) return false;
    const bool mounted = TRY(client_.mount_blob(blob.digest, repository));
    if (mounted) known_->add(blob.digest);
    return mounted;
}

Result<void> RegistryTarget::write_blob(const Descriptor& blob, ImageSource& source, const Arrived& arrived) {
    /// Owns the verified content and counts what is read of it.
    class Counted final : public ByteSource {
    public:
        Counted(std::unique_ptr<ByteSource> content, const Arrived& told)
            : content_(std::move(content)), counted_(*content_, told) {}
        Result<std::size_t> read(std::span<std::byte> buffer) override { return counted_.read(buffer); }

    private:
        std::unique_ptr<ByteSource> content_;
        CountedSource counted_;
    };
    const BlobOpener open = [&]() -> Result<std::unique_ptr<ByteSource>> {
        return std::unique_ptr<ByteSource>(
            std::make_unique<Counted>(TRY(open_verified(source, blob)), arrived));
    };
    TRY(client_.upload_blob(blob, open, options_));
    known_->add(blob.digest);
    return {};
}

Result<void> RegistryTarget::put(const std::string& name, const Document& document) {
    const bool subject_noted = TRY(client_.put_manifest(name, document.media_type, document.text));
    const std::string subject = subject_of(document);
    if (subject.empty() || subject_noted) return {};
    return client_.add_referrer(subject, TRY(referrer_descriptor(document)));
}

Result<void> RegistryTarget::write_document(const Document& document) {
    return put(document.digest, document);
}

Result<void> RegistryTarget::write_root(const Document& document) {
    return put(name_.empty() ? document.digest : name_, document);
}

Result<void> RegistryTarget::write_referrer(const Document& document, const Descriptor& /*referrer*/) {
    return put(document.digest, document);
}

std::string subject_of(const Document& document) {
    if (oci::spec::media_kind(document.media_type) == oci::spec::MediaKind::index) {
        const auto index = oci::spec::parse_index(document.text, document.digest, document.media_type);
        return index && index->subject.has_value() ? index->subject->digest : std::string();
    }
    const auto manifest = oci::spec::parse_manifest(document.text, document.digest, document.media_type);
    return manifest && manifest->subject.has_value() ? manifest->subject->digest : std::string();
}

Result<Descriptor> referrer_descriptor(const Document& document) {
    Descriptor descriptor;
    descriptor.media_type = document.media_type;
    descriptor.digest = document.digest;
    descriptor.size = static_cast<std::int64_t>(document.text.size());
    if (oci::spec::media_kind(document.media_type) == oci::spec::MediaKind::index) {
        auto index = TRY(oci::spec::parse_index(document.text, document.digest, document.media_type));
        descriptor.artifact_type = index.artifact_type;
        descriptor.annotations = std::move(index.annotations);
        return descriptor;
    }
    auto manifest = TRY(oci::spec::parse_manifest(document.text, document.digest, document.media_type));
    descriptor.artifact_type =
        manifest.artifact_type.empty() ? manifest.config.media_type : manifest.artifact_type;
    descriptor.annotations = std::move(manifest.annotations);
    return descriptor;
}

}  // namespace ocimg
