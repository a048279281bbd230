#include "imagetool/buildfile/build_file.hpp"

#include <array>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "imagetool/buildfile/read_step.hpp"
#include "spec/image/platform.hpp"

namespace ocimg::buildfile {

using dockerfile::Dockerfile;
using dockerfile::From;
using dockerfile::Instruction;
using oci::quote;
using oci::Result;

namespace {

constexpr std::size_t deepest_include = 8;
constexpr std::size_t most_files = 64;
constexpr std::size_t most_stages = 1000;

/// "dir/x.yaml" for "x.yaml" in "dir/y.yaml"; a path that leaves the directory is an error.
Result<std::string> included_path(const YamlReader& reader, const YamlNode& node) {
    const std::string path = TRY(reader.string(node, "an included file"));
    bool inside = !path.empty() && path.front() != '/';
    for (const std::string& part : oci::split(path, '/')) inside = inside && part != "..";
    if (!inside)
        return reader.fail(node, quote(path) + " cannot be included: a path below this file's directory can");
    const std::size_t slash = reader.file().rfind('/');
    return slash == std::string::npos ? path : reader.file().substr(0, slash + 1) + path;
}

/// Reads files into one list of images.
class FileReader {
public:
    explicit FileReader(const ReadInclude& read) : read_(read) {}

    Result<void> add(std::string_view text, const std::string& file, std::size_t depth) {
        if (++files_ > most_files)
            return oci::failure(oci::ErrorCode::invalid, file + ": more than 64 files");
        const YamlReader reader(text, file);
        const YamlNode root = TRY(parse_yaml(text, file));
        static constexpr std::array<std::string_view, 4> keys = {"version", "include", "arguments", "images"};
        TRY(reader.check_keys(root, "a build file", keys));
        if (const YamlNode* version = root.find("version"); version != nullptr && version->text != "1")
            return reader.fail(*version, "the version is " + quote(version->text) + ", 1 is known");
        if (const YamlNode* include = root.find("include")) TRY(add_included(reader, *include, depth));
        const YamlNode* images = root.find("images");
        if (images == nullptr || images->kind != YamlKind::map) {
            if (images == nullptr && root.find("include") != nullptr) return {};
            return reader.fail(images == nullptr ? root : *images,
                               "images, a map of names and images, is missing");
        }
        for (const auto& [name, node] : images->entries) {
            for (const BuildImage& image : result_.images)
                if (image.name == name)
                    return reader.fail(node, "the image " + quote(name) + " a second time");
            result_.images.push_back(TRY(read_image(reader, root, name, node, text)));
        }
        return {};
    }

    Result<BuildFile> take(const std::string& file) {
        if (result_.images.empty())
            return oci::failure(oci::ErrorCode::invalid, file + ": there is no image");
        return std::move(result_);
    }

private:
    Result<void> add_included(const YamlReader& reader, const YamlNode& include, std::size_t depth) {
        if (include.kind != YamlKind::list) return reader.fail(include, "include is no list of files");
        for (const YamlNode& item : include.items) {
            const std::string path = TRY(included_path(reader, item));
            if (depth == deepest_include) return reader.fail(item, "files are included too deep");
            if (!seen_.insert(path).second)
                return reader.fail(item, quote(path) + " is included a second time");
            const std::string text = TRY(reader.at(item, read_(path)));
            TRY(add(text, path, depth + 1));
        }
        return {};
    }

    static Result<void> read_global(const YamlReader& reader, const YamlNode* node, Dockerfile& file) {
        if (node == nullptr) return {};
        if (node->kind != YamlKind::list) return reader.fail(*node, "arguments is no list");
        for (const YamlNode& item : node->items) {
            Instruction line;
            if (item.find("arg") != nullptr) {
                line = TRY(read_step(reader, item));
            } else {
                YamlNode one;
                one.kind = YamlKind::list;
                one.place = item.place;
                one.items.push_back(item);
                line.body = TRY(read_arguments(reader, one));
                line.lines = {item.place.line, item.place.line};
                line.keyword = "ARG";
            }
            file.global_args.push_back(std::move(line));
        }
        return {};
    }

    static Result<dockerfile::Stage> read_stage(const YamlReader& reader, const YamlNode& node) {
        static constexpr std::array<std::string_view, 5> keys = {"from", "name", "platform", "steps",
                                                                 "skip-checks"};
        TRY(reader.check_keys(node, "a stage", keys));
        dockerfile::Stage stage;
        From& from = stage.from;
        from.image = TRY(reader.string_of(node, "from"));
        if (from.image.empty()) return reader.fail(node, "a stage has no from");
        from.platform = TRY(reader.string_of(node, "platform"));
        from.name_as_written = TRY(reader.string_of(node, "name"));
        from.name = oci::to_lower(from.name_as_written);
        if (!from.name.empty()) {
            from.as_as_written = "AS";
            if (!dockerfile::is_stage_name(from.name))
                return reader.fail(
                    node, quote(from.name_as_written) +
                              " cannot be a stage's name: a letter, then letters, digits, - _ and . can");
        }
        stage.from_line.body = from;
        stage.from_line.lines = {node.place.line, node.place.line};
        stage.from_line.keyword = "FROM";
        stage.from_line.text = "FROM " + from.image;
        stage.from_line.skipped_checks = TRY(read_skipped(reader, node));
        if (const YamlNode* steps = node.find("steps")) {
            if (steps->kind != YamlKind::list) return reader.fail(*steps, "steps is no list");
            for (const YamlNode& step : steps->items)
                stage.instructions.push_back(TRY(read_step(reader, step)));
        }
        return stage;
    }

    static Result<BuildImage> read_image(const YamlReader& reader, const YamlNode& root,
                                         const std::string& name, const YamlNode& node,
                                         std::string_view text) {
        static constexpr std::array<std::string_view, 6> keys = {"platforms", "syntax",    "escape",
                                                                 "check",     "arguments", "stages"};
        TRY(reader.check_keys(node, "an image", keys));
        BuildImage image;
        image.name = name;
        image.file.file = reader.file();
        image.file.text = text;
        image.platforms = TRY(reader.strings_of(node, "platforms"));
        for (const std::string& platform : image.platforms)
            TRY(reader.at(*node.find("platforms"), oci::spec::parse_platform(platform)));
        image.file.directives.syntax = TRY(reader.string_of(node, "syntax"));
        image.file.directives.check = TRY(reader.string_of(node, "check"));
        if (const YamlNode* escape = node.find("escape")) {
            if (escape->text != "\\" && escape->text != "`")
                return reader.fail(*escape, "escape can be \\ or `");
            image.file.directives.escape = escape->text.front();
        }
        TRY(read_global(reader, root.find("arguments"), image.file));
        TRY(read_global(reader, node.find("arguments"), image.file));
        const YamlNode* stages = node.find("stages");
        if (stages == nullptr || stages->kind != YamlKind::list || stages->items.empty())
            return reader.fail(stages == nullptr ? node : *stages, "stages, a list of stages, is missing");
        if (stages->items.size() > most_stages)
            return reader.fail(*stages, "there are more than 1000 stages");
        for (const YamlNode& stage : stages->items)
            image.file.stages.push_back(TRY(read_stage(reader, stage)));
        return image;
    }

    const ReadInclude& read_;
    BuildFile result_;
    std::set<std::string> seen_;
    std::size_t files_ = 0;
};

}  // namespace

Result<BuildFile> parse_build_file(std::string_view text, const std::string& file, const ReadInclude& read) {
    FileReader reader(read);
    TRY(reader.add(text, file, 0));
    return reader.take(file);
}

bool is_build_file(std::string_view name) {
    return name.ends_with(".yaml") || name.ends_with(".yml");
}

Result<BuildImage> select_image(const BuildFile& file, std::string_view name) {
    std::string names;
    for (const BuildImage& image : file.images) {
        if (image.name == name || (name.empty() && file.images.size() == 1)) return image;
        names += (names.empty() ? "" : ", ") + image.name;
    }
    return oci::failure(oci::ErrorCode::invalid, (name.empty() ? std::string("an image has to be named")
                                                               : "there is no image " + quote(name)) +
                                                     ": the build file has " + names);
}

}  // namespace ocimg::buildfile
