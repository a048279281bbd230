#include "runtime/protocol/criu_message.hpp"

namespace ocirun {

using oci::Result;

namespace {

/// Kinds of values in a message.
constexpr std::uint32_t varint_kind = 0;
constexpr std::uint32_t fixed64_kind = 1;
constexpr std::uint32_t bytes_kind = 2;
constexpr std::uint32_t fixed32_kind = 5;

class MessageWriter {
public:
    void number(std::uint32_t field, std::uint64_t value) {
        varint(field << 3U | varint_kind);
        varint(value);
    }
    /// Negative numbers take ten bytes, as for every int32 of protocol buffers.
    void signed_number(std::uint32_t field, std::int64_t value) {
        number(field, static_cast<std::uint64_t>(value));
    }
    /// False is what an absent field means to CRIU.
    void flag(std::uint32_t field, bool value) {
        if (value) number(field, 1);
    }
    void text(std::uint32_t field, std::string_view value) {
        varint(field << 3U | bytes_kind);
        varint(value.size());
        bytes_ += value;
    }
    void text_unless_empty(std::uint32_t field, std::string_view value) {
        if (!value.empty()) text(field, value);
    }
    std::string take() { return std::move(bytes_); }

private:
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            bytes_ += static_cast<char>((value & 0x7fU) | 0x80U);
            value >>= 7U;
        }
        bytes_ += static_cast<char>(value);
    }
    std::string bytes_;
};

class MessageReader {
public:
    explicit MessageReader(std::string_view bytes) : rest_(bytes) {}

    /// The next field; false at the end or at something that is none (then `broken`).
    bool next() {
        if (rest_.empty() || broken_) return false;
        const std::uint64_t key = varint();
        field_ = static_cast<std::uint32_t>(key >> 3U);
        number_ = 0;
        text_ = {};
        switch (key & 7U) {
            case varint_kind:
                number_ = varint();
                break;
            case bytes_kind:
                text_ = take(varint());
                break;
            case fixed64_kind:
                take(8);
                break;
            case fixed32_kind:
                take(4);
                break;
            default:
                broken_ = true;
        }
        return !broken_;
    }
    [[nodiscard]] std::uint32_t field() const { return field_; }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] std::int32_t signed_number() const { return static_cast<std::int32_t>(number_); }
    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] bool broken() const { return broken_; }

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) break;
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
            if ((byte & 0x80U) == 0) return value;
        }
        broken_ = true;
        return 0;
    }
    std::string_view take(std::uint64_t length) {
        if (length > rest_.size()) {
            broken_ = true;
            return {};
        }
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    std::string_view rest_;
    std::uint32_t field_ = 0;
    std::uint64_t number_ = 0;
    std::string_view text_;
    bool broken_ = false;
};

std::string two_texts(std::string_view first, std::string_view second) {
    MessageWriter out;
    out.text(1, first);
    out.text(2, second);
    return out.take();
}

std::string text_and_number(std::string_view text, std::int64_t number) {
    MessageWriter out;
    out.text(1, text);
    out.signed_number(2, number);
    return out.take();
}

void write_flags(MessageWriter& out, const CriuOptions& options) {
    out.flag(3, options.leave_running);
    out.flag(4, options.external_sockets);
    out.flag(5, options.tcp_established);
    out.flag(6, options.evasive_devices);
    out.flag(7, options.shell_job);
    out.flag(8, options.file_locks);
    out.flag(12, true);  // notifications
    out.flag(15, options.track_memory);
    out.flag(16, options.auto_dedup);
    out.flag(18, options.link_remap);
    out.flag(24, true);  // cgroups are managed, as field 34 says
    out.flag(26, options.sibling);
    out.flag(46, options.tcp_skip_in_flight);
    out.flag(48, options.lazy_pages);
    out.flag(50, true);  // the master of an orphaned terminal is sent here
    out.flag(52, options.tcp_close);
}

void write_lists(MessageWriter& out, const CriuOptions& options) {
    for (const auto& [place, key] : options.external_mounts) out.text(23, two_texts(place, key));
    for (const auto& [controllers, path] : options.cgroup_roots) out.text(25, two_texts(controllers, path));
    for (const auto& [key, descriptor] : options.inherited) out.text(27, text_and_number(key, descriptor));
    for (const std::string& external : options.external) out.text(37, external);
    for (const CriuJoinedNamespace& joined : options.joined_namespaces)
        out.text(39, two_texts(joined.kind, joined.path));
}

std::string encode_options(const CriuOptions& options) {
    MessageWriter out;
    out.signed_number(1, options.images_directory);
    if (options.pid) out.signed_number(2, *options.pid);
    write_flags(out, options);
    out.number(9, options.log_level);
    out.text_unless_empty(10, options.log_file);
    if (options.page_server)
        out.text(11, text_and_number(options.page_server->address, options.page_server->port));
    out.text_unless_empty(13, options.root);
    out.text_unless_empty(14, options.parent_images);
    if (options.work_directory) out.signed_number(17, *options.work_directory);
    out.number(34, static_cast<std::uint32_t>(options.cgroup_mode));
    if (options.empty_namespaces != 0) out.number(38, options.empty_namespaces);
    out.text_unless_empty(44, options.freeze_cgroup);
    if (options.status_descriptor) out.signed_number(49, *options.status_descriptor);
    out.text_unless_empty(51, options.configuration_file);
    out.text_unless_empty(53, options.lsm_profile);
    out.text_unless_empty(63, options.lsm_mount_context);
    if (options.network_lock) out.number(64, static_cast<std::uint32_t>(*options.network_lock));
    write_lists(out, options);
    return out.take();
}

std::string request_of(CriuRequestType type) {
    MessageWriter out;
    out.number(1, static_cast<std::uint32_t>(type));
    return out.take();
}

/// False when the inner message is broken.
bool read_version(std::string_view bytes, CriuAnswer& answer) {
    MessageReader in(bytes);
    while (in.next()) {
        const auto part = static_cast<std::uint32_t>(in.number());
        if (in.field() == 1) answer.version += part * 10000;
        if (in.field() == 2) answer.version += part * 100;
        if (in.field() == 4) answer.version += part;
    }
    return !in.broken();
}

bool read_features(std::string_view bytes, CriuAnswer& answer) {
    MessageReader in(bytes);
    while (in.next()) {
        if (in.field() == 1) answer.features.memory_tracking = in.number() != 0;
        if (in.field() == 2) answer.features.lazy_pages = in.number() != 0;
    }
    return !in.broken();
}

bool read_notification(std::string_view bytes, CriuAnswer& answer) {
    MessageReader in(bytes);
    while (in.next()) {
        if (in.field() == 1) answer.script = in.text();
        if (in.field() == 2) answer.pid = in.signed_number();
    }
    return !in.broken();
}

bool read_restored(std::string_view bytes, CriuAnswer& answer) {
    MessageReader in(bytes);
    while (in.next()) {
        if (in.field() == 1) answer.pid = in.signed_number();
    }
    return !in.broken();
}

bool read_field(const MessageReader& in, CriuAnswer& answer) {
    switch (in.field()) {
        case 1:
            answer.type = static_cast<std::uint32_t>(in.number());
            return true;
        case 2:
            answer.success = in.number() != 0;
            return true;
        case 4:
            return read_restored(in.text(), answer);
        case 5:
            return read_notification(in.text(), answer);
        case 7:
            answer.error_number = in.signed_number();
            return true;
        case 8:
            return read_features(in.text(), answer);
        case 9:
            answer.error_text = in.text();
            return true;
        case 10:
            return read_version(in.text(), answer);
        default:
            return true;
    }
}

}  // namespace

std::string encode_criu_request(CriuRequestType type, const CriuOptions& options) {
    MessageWriter out;
    out.number(1, static_cast<std::uint32_t>(type));
    out.text(2, encode_options(options));
    return out.take();
}

std::string encode_criu_version_request() {
    return request_of(CriuRequestType::version);
}

std::string encode_criu_feature_request(const CriuFeatureSet& wanted) {
    MessageWriter features;
    features.flag(1, wanted.memory_tracking);
    features.flag(2, wanted.lazy_pages);
    MessageWriter out;
    out.number(1, static_cast<std::uint32_t>(CriuRequestType::feature_check));
    out.text(5, features.take());
    return out.take();
}

std::string encode_criu_notification_reply(bool success) {
    MessageWriter out;
    out.number(1, static_cast<std::uint32_t>(CriuRequestType::notify));
    out.number(3, success ? 1 : 0);
    return out.take();
}

Result<CriuAnswer> decode_criu_answer(std::string_view message) {
    CriuAnswer answer;
    MessageReader in(message);
    bool whole = true;
    while (in.next()) whole = read_field(in, answer) && whole;
    if (in.broken() || !whole || answer.type == 0) return oci::failure("criu answered with a broken message");
    return answer;
}

}  // namespace ocirun
