// The one place that knows yaml-cpp, and the exceptions it reports with.

#include "imagetool/buildfile/yaml_tree.hpp"

#include <exception>
#include <optional>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/text.hpp"

namespace ocimg::buildfile {

using dockerfile::Place;

namespace {

constexpr std::size_t most_values = 200'000;
constexpr std::size_t deepest_nesting = 64;

Place place_of(const YAML::Mark& mark) {
    const auto line = static_cast<std::uint32_t>(mark.line + 1);
    return {line, static_cast<std::uint32_t>(mark.column + 1), line};
}

/// Why a document is refused; leaves the parser as its own errors do.
struct Refusal : std::exception {
    Refusal(Place where, std::string why) : place(where), message(std::move(why)) {}
    [[nodiscard]] const char* what() const noexcept override { return message.c_str(); }
    Place place;
    std::string message;
};

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
public:
    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        YamlNode node;
        node.place = place_of(mark);
        add(std::move(node));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw Refusal(place_of(mark), "an alias (*name): write the value out, or use include");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        refuse_anchor(mark, anchor);
        if (tag != "?" && tag != "!" && !tag.empty()) throw Refusal(place_of(mark), "a tag (" + tag + ")");
        YamlNode node;
        node.place = place_of(mark);
        node.plain = tag == "?";
        node.kind = node.plain && (value == "~" || value == "null") ? YamlKind::null : YamlKind::scalar;
        node.text = value;
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlKind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlKind::map);
    }
    void OnMapEnd() override { close(); }

    YamlNode take() { return root_ ? std::move(*root_) : YamlNode{}; }

private:
    struct Open {
        YamlNode node;
        std::optional<std::string> key;
    };

    static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != 0)
            throw Refusal(place_of(mark), "an anchor (&name): write the value out, or use include");
    }
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlKind kind) {
        refuse_anchor(mark, anchor);
        if (tag != "?" && tag != "!" && !tag.empty()) throw Refusal(place_of(mark), "a tag (" + tag + ")");
        if (open_.size() == deepest_nesting) throw Refusal(place_of(mark), "values are nested too deep");
        Open opened;
        opened.node.kind = kind;
        opened.node.place = place_of(mark);
        open_.push_back(std::move(opened));
    }
    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }
    void add(YamlNode node) {
        if (++values_ > most_values) throw Refusal(node.place, "the file has more than 200000 values");
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlKind::list) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            if (node.kind != YamlKind::scalar) throw Refusal(node.place, "a key that is no text");
            if (parent.node.find(node.text) != nullptr)
                throw Refusal(node.place, "the key " + oci::quote(node.text) + " a second time");
            parent.key = node.text;
        } else {
            parent.node.entries.push_back({.key = *parent.key, .value = std::move(node)});
            parent.key.reset();
        }
    }

    std::vector<Open> open_;
    std::optional<YamlNode> root_;
    std::size_t values_ = 0;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    for (const auto& [name, value] : entries)
        if (name == key) return &value;
    return nullptr;
}

oci::Result<YamlNode> parse_yaml(std::string_view text, const std::string& file) {
    if (text.size() > std::size_t{1} << 20)
        return oci::failure(oci::ErrorCode::invalid, file + ": the file is larger than 1 MiB");
    if (!oci::is_utf8(text)) return oci::failure(oci::ErrorCode::invalid, file + ": the file is not UTF-8");
    std::istringstream stream{std::string(text)};
    try {
        YAML::Parser parser(stream);
        TreeBuilder builder;
        if (!parser.HandleNextDocument(builder))
            return oci::failure(oci::ErrorCode::invalid, file + ": the file is empty");
        TreeBuilder second;
        if (parser.HandleNextDocument(second))
            return oci::failure(oci::ErrorCode::invalid, file + ": the file has more than one document");
        return builder.take();
    } catch (const Refusal& refusal) {
        return dockerfile::error_at(file, text, refusal.place, refusal.message);
    } catch (const YAML::Exception& error) {
        return dockerfile::error_at(file, text, place_of(error.mark), error.msg);
    }
}

}  // namespace ocimg::buildfile
