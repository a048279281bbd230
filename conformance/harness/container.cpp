#include "conformance/harness/container.hpp"

#include <unistd.h>

#include "base/text.hpp"

namespace conformance {
namespace {

constexpr std::chrono::milliseconds patience{10000};

}  // namespace

Container::Container(Case& owner, const Bundle& bundle, const std::string& suffix)
    : case_(owner), bundle_(bundle), id_(owner.unique(suffix)) {
    case_.at_end(this, [this] {
        if (exists_) remove_by_force();
    });
}

Container::~Container() {
    case_.forget(this);
    if (exists_) remove_by_force();
}

void Container::simple(const std::string& verb, Placeholders values) {
    values["id"] = id_;
    last_ = case_.call(verb, std::move(values));
}

bool Container::create(const std::vector<std::string>& extra) {
    case_.record_config(bundle_.write());
    CommandResult result = case_.call("create", {{"bundle", bundle_.path()}, {"id", id_}}, extra);
    last_ = {result.words, result.code, {}, {}};
    created_ = std::move(result);
    if (created_.code != 0) return false;
    exists_ = true;
    const Json document = state();
    pid_ = static_cast<pid_t>(document["pid"].integer());
    if (pid_ > 0) {
        if (auto fd = oci::open_pidfd(pid_)) pidfd_ = std::move(*fd);
    }
    last_.code = 0;
    return true;
}

bool Container::start() {
    simple("start", {});
    return last_.ok();
}

bool Container::kill(const std::string& signal) {
    simple("kill", {{"signal", signal}});
    return last_.ok();
}

bool Container::remove() {
    simple("delete", {});
    if (last_.ok()) exists_ = false;
    return last_.ok();
}

bool Container::remove_by_force() {
    simple("delete-force", {});
    exists_ = false;
    return last_.ok();
}

void Container::launch() {
    const bool made = create();
    created_.err.drain();
    case_.need(made, "create succeeds", created_.err.text());
    case_.need(start(), "start succeeds", last_.err.text());
    case_.need(wait_for_output("ready\n"), "the container's process runs", created_.out.text());
}

Json Container::state() {
    simple("state", {});
    return last_.ok() ? Json::of(last_.out.text()) : Json();
}

bool Container::wait_until_stopped() {
    return pidfd_.is_open() && wait_for_exit(pidfd_, patience);
}

bool Container::wait_for_output(const std::string& text) {
    return created_.out.wait_for(text, patience);
}

const std::string& Container::output() {
    created_.out.wait_for_end(patience);
    return created_.out.text();
}

Json Container::facts() {
    const std::string& text = created_.out.text();
    return Json::of(std::string_view(text).substr(0, text.find('\n')));
}

CommandResult Container::take_created() {
    created_.out.wait_for_end(patience);
    return std::move(created_);
}

std::string Container::cgroup_directory(const std::string& controller) const {
    return cgroup_directory_of(pid_, controller);
}

bool is_cgroup_v2() {
    return ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
}

std::string cgroup_directory_of(pid_t pid, const std::string& controller) {
    for (const std::string& line : oci::split(read_text("/proc/" + std::to_string(pid) + "/cgroup"), '\n')) {
        const std::vector<std::string> fields = oci::split(line, ':');
        if (fields.size() < 3) continue;
        if (is_cgroup_v2()) {
            if (fields[0] == "0") return "/sys/fs/cgroup" + fields[2];
            continue;
        }
        for (const std::string& name : oci::split(fields[1], ','))
            if (name == controller) return "/sys/fs/cgroup/" + controller + fields[2];
    }
    return {};
}

}  // namespace conformance
