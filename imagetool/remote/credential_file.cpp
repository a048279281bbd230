#include "imagetool/remote/credential_file.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "spec/json/fields.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

template <>
struct oci::spec::FieldsOf<ocimg::StoredAuth> {
    static constexpr const char* section = "containers-auth.json(5) \"FORMAT\"";
    static void list(auto& fields, auto& self) {
        fields.optional("auth", self.auth);
        fields.optional("identitytoken", self.identitytoken);
        fields.optional("ocimgTrustedHosts", self.trusted_hosts);
    }
};

template <>
struct oci::spec::FieldsOf<ocimg::CredentialFile> {
    static constexpr const char* section = "containers-auth.json(5) \"FORMAT\"";
    static void list(auto& fields, auto& self) {
        fields.optional("auths", self.auths);
        fields.optional("credHelpers", self.cred_helpers);
        fields.optional("credsStore", self.creds_store);
    }
};

namespace ocimg {

namespace {

using oci::ErrorCode;
using oci::failure;
using oci::quote;
using oci::Result;
using oci::spec::Document;
using oci::spec::JsonWriter;
using oci::spec::Value;
using oci::spec::ValueKind;

constexpr std::string_view docker_hub_key = "https://index.docker.io/v1/";

/// Writes a value as it was read.
void copy_value(JsonWriter& out, const Document& document, const Value& value) {
    switch (value.kind) {
        case ValueKind::null:
            return out.null();
        case ValueKind::boolean:
            return out.boolean(value.boolean);
        case ValueKind::number:
            return out.raw(value.text);
        case ValueKind::string:
            return out.string(value.text);
        case ValueKind::array:
        case ValueKind::object:
            break;
    }
    const bool is_object = value.kind == ValueKind::object;
    is_object ? out.begin_object() : out.begin_array();
    for (const Value* item = document.first_child(value); item; item = document.next_sibling(*item)) {
        if (is_object) out.key(item->key);
        copy_value(out, document, *item);
    }
    is_object ? out.end_object() : out.end_array();
}

void write_entry(JsonWriter& out, const std::string& key, const Credential& credential) {
    StoredAuth entry{.auth = oci::to_base64(credential.user + ":" + credential.password),
                     .identitytoken = credential.identity_token,
                     .trusted_hosts = credential.trusted_hosts};
    if (!credential.identity_token.empty()) entry.auth = oci::to_base64(credential.user + ":");
    out.key(key);
    oci::spec::write_value(out, entry);
}

/// "https://host/v1/" and "host" are the same registry.
std::string_view bare_key(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (key.starts_with(scheme))
            return key.substr(scheme.size(), key.find('/', scheme.size()) - scheme.size());
    }
    return key;
}

Result<Credential> to_credential(const StoredAuth& entry, const std::string& key) {
    const auto pair = oci::from_base64(entry.auth);
    const std::size_t colon = pair.has_value() ? pair->find(':') : std::string::npos;
    if (colon == std::string::npos) {
        return failure(ErrorCode::invalid, "auths[" + quote(key) + "].auth is not base64 of USER:PASSWORD");
    }
    return Credential{.user = pair->substr(0, colon),
                      .password = entry.identitytoken.empty() ? pair->substr(colon + 1) : std::string(),
                      .identity_token = entry.identitytoken,
                      .trusted_hosts = entry.trusted_hosts};
}

}  // namespace

Result<CredentialFile> parse_credential_file(std::string_view text, const std::string& name) {
    if (oci::trim(text).empty()) return CredentialFile{};
    return oci::spec::read_json<CredentialFile>(text, name);
}

std::vector<std::string> credential_keys(std::string_view registry, std::string_view repository) {
    std::vector<std::string> keys;
    std::string path = std::string(registry) + "/" + std::string(repository);
    while (path.size() > registry.size()) {
        keys.push_back(path);
        path.resize(path.rfind('/'));
    }
    keys.emplace_back(registry);
    if (registry == "docker.io") {
        keys.emplace_back(docker_hub_key);
        keys.emplace_back("index.docker.io");
        keys.emplace_back("registry-1.docker.io");
    }
    return keys;
}

Result<std::optional<Credential>> find_credential(const CredentialFile& file,
                                                  const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
        for (const auto& [stored, entry] : file.auths) {
            const bool names_it =
                stored == key || (key.find('/') == std::string::npos && bare_key(stored) == key);
            if (!names_it || (entry.auth.empty() && entry.identitytoken.empty())) continue;
            return std::optional(TRY(to_credential(entry, stored)));
        }
    }
    return std::optional<Credential>();
}

Result<std::string> change_credential_file(std::string_view text, const std::string& name,
                                           const std::optional<std::string>& key,
                                           const std::optional<Credential>& credential) {
    const bool is_new = oci::trim(text).empty();
    TRY(parse_credential_file(text, name));
    const Document document = TRY(oci::spec::parse_json(is_new ? std::string_view("{}") : text, name));
    JsonWriter out("\t");
    out.begin_object();
    out.key("auths");
    out.begin_object();
    bool found = false;
    const Value* const auths = document.find(document.root(), "auths");
    for (const Value* entry = auths == nullptr ? nullptr : document.first_child(*auths); entry != nullptr;
         entry = document.next_sibling(*entry)) {
        if (!key.has_value() || entry->key == *key) {
            found = true;
            continue;
        }
        out.key(entry->key);
        copy_value(out, document, *entry);
    }
    if (credential.has_value() && key.has_value()) write_entry(out, *key, *credential);
    out.end_object();
    for (const Value* item = document.first_child(document.root()); item;
         item = document.next_sibling(*item)) {
        if (item->key == "auths") continue;
        out.key(item->key);
        copy_value(out, document, *item);
    }
    out.end_object();
    if (!credential.has_value() && !found && key.has_value()) {
        return failure(ErrorCode::not_found, name + " has no credentials for " + quote(*key));
    }
    return out.take() + "\n";
}

}  // namespace ocimg
