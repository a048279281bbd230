#include "imagetool/build/cache_key.hpp"

#include <string_view>

#include "imagetool/stream/byte_stream.hpp"
#include "imagetool/stream/hashing.hpp"

namespace ocimg::build {

namespace {

/// Hashes fields with their lengths, so that no two lists of fields give the same bytes.
class KeyWriter {
public:
    explicit KeyWriter(std::string_view kind) { add(kind); }

    KeyWriter& add(std::string_view field) {
        const std::string length = std::to_string(field.size()) + ":";
        hasher_.update(bytes_of(length));
        hasher_.update(bytes_of(field));
        return *this;
    }
    KeyWriter& add(const std::vector<std::string>& fields) {
        add(std::to_string(fields.size()));
        for (const std::string& field : fields) add(field);
        return *this;
    }
    template <class T>
    KeyWriter& number(const std::optional<T>& value) {
        return add(value.has_value() ? std::to_string(*value) : std::string());
    }
    std::string finish() { return hasher_.finish().substr(7); }  // without "sha256:"

private:
    Hasher hasher_;
};

void add_mount(KeyWriter& key, const dockerfile::Mount& mount) {
    key.add(to_text(mount.type)).add(mount.source).add(mount.target).add(mount.id);
    key.add(mount.readonly ? "ro" : "rw").add(mount.env.value_or(""));
    key.number(mount.size).number(mount.mode).number(mount.uid).number(mount.gid);
}

}  // namespace

std::string key_of_nothing(const std::string& salt) {
    return KeyWriter("nothing").add(salt).finish();
}

std::string key_of_image(const std::vector<std::string>& diff_ids, const std::string& salt) {
    return KeyWriter("image").add(salt).add(diff_ids).finish();
}

std::string key_of_run(const std::string& before, const RunStep& step,
                       const std::vector<std::string>& mounted, const std::string& hosts) {
    KeyWriter key("run");
    key.add(before).add(step.argv).add(step.env).add(step.working_dir).add(step.user);
    key.add(step.script.has_value() ? step.script->path : "");
    key.add(step.script.has_value() ? step.script->content : "");
    key.add(std::to_string(static_cast<int>(step.network)));
    key.add(std::to_string(static_cast<int>(step.security)));
    key.add(hosts).add(std::to_string(step.mounts.size()));
    for (const RunMount& mount : step.mounts) add_mount(key, mount.mount);
    return key.add(mounted).finish();
}

std::string key_of_copy(const std::string& before, const CopyStep& step, const std::string& content) {
    KeyWriter key(step.add.has_value() ? "add" : "copy");
    key.add(before).add(step.transfer.destination).add(step.transfer.chown).add(step.transfer.chmod.text);
    key.add(step.transfer.link ? "link" : "").add(step.parents ? "parents" : "");
    for (const auto& file : step.transfer.files) key.add(file.name).add(file.content);
    if (step.add.has_value()) {
        key.add(step.add->unpack.has_value() ? (*step.add->unpack ? "unpack" : "keep") : "");
        key.add(step.add->keep_git_dir.value_or(false) ? "git" : "");
    }
    return key.add(content).finish();
}

std::string key_of_selection(const std::string& tree, const CopyStep& step) {
    KeyWriter key("selection");
    key.add(tree).add(step.transfer.sources).add(step.transfer.excludes).add(step.parents ? "parents" : "");
    return key.finish();
}

std::string key_of_workdir(const std::string& before, const WorkdirStep& step) {
    return KeyWriter("workdir").add(before).add(step.path).add(step.user).finish();
}

}  // namespace ocimg::build
