#include "conformance/harness/json.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "spec/json/writer.hpp"

namespace conformance {
namespace {

const Json& nothing() {
    static const Json none;
    return none;
}

/// The first token of a pointer; the rest stays in `pointer`.
std::string next_token(std::string_view& pointer) {
    if (pointer.starts_with('/')) pointer.remove_prefix(1);
    const std::size_t end = pointer.find('/');
    const std::string_view raw = pointer.substr(0, end);
    pointer.remove_prefix(end == std::string_view::npos ? pointer.size() : end);
    std::string token;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const bool escape = raw[i] == '~' && i + 1 < raw.size();
        token += escape ? (raw[++i] == '1' ? '/' : '~') : raw[i];
    }
    return token;
}

void write(oci::spec::JsonWriter& out, const Json& value) {
    switch (value.kind()) {
        case Json::Kind::null:
            out.null();
            return;
        case Json::Kind::boolean:
        case Json::Kind::number:
            out.raw(value.str());
            return;
        case Json::Kind::string:
            out.string(value.str());
            return;
        case Json::Kind::array:
            out.begin_array();
            for (const Json& item : value.items()) write(out, item);
            out.end_array();
            return;
        case Json::Kind::object:
            out.begin_object();
            for (const auto& [key, member] : value.members()) {
                out.key(key);
                write(out, member);
            }
            out.end_object();
            return;
    }
}

Json convert(const oci::spec::Document& document, const oci::spec::Value& value) {
    switch (value.kind) {
        case Json::Kind::null:
            break;
        case Json::Kind::boolean:
            return Json::boolean(value.boolean);
        case Json::Kind::string:
            return Json::text(std::string(value.text));
        case Json::Kind::number:
            return Json::of(value.text);
        case Json::Kind::array: {
            Json array = Json::array();
            for (const auto* item = document.first_child(value); item; item = document.next_sibling(*item))
                array.push(convert(document, *item));
            return array;
        }
        case Json::Kind::object: {
            Json object = Json::object();
            for (const auto* item = document.first_child(value); item; item = document.next_sibling(*item))
                object.put(std::string(item->key), convert(document, *item));
            return object;
        }
    }
    return {};
}

}  // namespace

Json Json::text(std::string value) {
    Json json;
    json.kind_ = Kind::string;
    json.scalar_ = std::move(value);
    return json;
}

Json Json::number(long long value) {
    Json json;
    json.kind_ = Kind::number;
    json.scalar_ = std::to_string(value);
    return json;
}

Json Json::boolean(bool value) {
    Json json;
    json.kind_ = Kind::boolean;
    json.scalar_ = value ? "true" : "false";
    return json;
}

Json Json::array(std::vector<Json> items) {
    Json json;
    json.kind_ = Kind::array;
    json.items_ = std::move(items);
    return json;
}

Json Json::array_of(const std::vector<std::string>& texts) {
    Json json = array();
    for (const std::string& item : texts) json.push(text(item));
    return json;
}

Json Json::object() {
    Json json;
    json.kind_ = Kind::object;
    return json;
}

oci::Result<Json> Json::parse(std::string_view text, const std::string& file) {
    const oci::spec::Document document = TRY(oci::spec::parse_json(text, file));
    return convert(document, document.root());
}

Json Json::of(std::string_view text) {
    const bool is_number = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9'));
    if (is_number && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos) {
        Json json;
        json.kind_ = Kind::number;
        json.scalar_ = std::string(text);
        return json;
    }
    auto parsed = parse(text, "text");
    return parsed ? std::move(*parsed) : Json();
}

long long Json::integer() const {
    return std::strtoll(scalar_.c_str(), nullptr, 10);
}

const Json& Json::operator[](std::string_view key) const {
    for (const auto& [name, value] : members_)
        if (name == key) return value;
    return nothing();
}

const Json& Json::operator[](std::size_t index) const {
    return index < items_.size() ? items_[index] : nothing();
}

const Json& Json::at(std::string_view pointer) const {
    const Json* value = this;
    while (!pointer.empty()) {
        const std::string token = next_token(pointer);
        value = value->is_array()
                    ? &(*value)[oci::parse_integer<std::size_t>(token).value_or(~std::size_t{0})]
                    : &(*value)[token];
    }
    return *value;
}

bool Json::has(std::string_view text) const {
    for (const Json& item : items_)
        if (item.scalar_ == text) return true;
    return false;
}

Json* Json::descend(std::string_view token, bool make) {
    if (is_array()) {
        const std::size_t index = oci::parse_integer<std::size_t>(token).value_or(items_.size());
        if (index >= items_.size() && make) items_.emplace_back();
        return index < items_.size() ? &items_[index] : (make ? &items_.back() : nullptr);
    }
    for (auto& [name, value] : members_)
        if (name == token) return &value;
    if (!make) return nullptr;
    if (is_null()) kind_ = token == "-" ? Kind::array : Kind::object;
    if (is_array()) return &items_.emplace_back();
    return &members_.emplace_back(std::string(token), Json()).second;
}

void Json::set(std::string_view pointer, Json value) {
    Json* place = this;
    while (!pointer.empty()) place = place->descend(next_token(pointer), true);
    *place = std::move(value);
}

void Json::erase(std::string_view pointer) {
    Json* place = this;
    std::string token = next_token(pointer);
    while (!pointer.empty()) {
        place = place->descend(token, false);
        if (place == nullptr) return;
        token = next_token(pointer);
    }
    std::erase_if(place->members_, [&](const Member& member) { return member.first == token; });
    const std::size_t index = oci::parse_integer<std::size_t>(token).value_or(place->items_.size());
    if (index < place->items_.size())
        place->items_.erase(place->items_.begin() + static_cast<std::ptrdiff_t>(index));
}

void Json::push(Json value) {
    kind_ = Kind::array;
    items_.push_back(std::move(value));
}

void Json::put(std::string key, Json value) {
    kind_ = Kind::object;
    members_.emplace_back(std::move(key), std::move(value));
}

std::string Json::dump() const {
    oci::spec::JsonWriter out;
    write(out, *this);
    return out.take();
}

bool Json::operator==(const Json& other) const {
    if (kind_ != other.kind_ || scalar_ != other.scalar_ || items_ != other.items_) return false;
    if (members_.size() != other.members_.size()) return false;
    for (const auto& [key, value] : members_) {
        bool same = false;
        for (const auto& [other_key, other_value] : other.members_)
            same = same || (key == other_key && value == other_value);
        if (!same) return false;
    }
    return true;
}

std::string quoted(std::string_view text) {
    oci::spec::JsonWriter out;
    out.string(text);
    return out.take();
}

}  // namespace conformance
