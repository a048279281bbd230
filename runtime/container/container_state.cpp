#include "runtime/container/container_state.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "runtime/hooks/hook_state.hpp"
#include "spec/json/reader.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {

namespace {

/// CgroupLocation with its enumerations as words.
struct CgroupRecord {
    std::string driver;
    std::string version;
    std::map<std::string, std::string> directories;
    std::vector<std::string> created;
    std::string sub_group;
    std::string unit;
    bool user_manager = false;
    bool unit_started = false;
};

struct StateRecord {
    RecordedState state;
    CgroupRecord cgroup;
};

constexpr std::array<const char*, 3> driver_words = {"cgroupfs", "systemd", "disabled"};
constexpr std::array<const char*, 3> version_words = {"none", "v1", "v2"};

template <class Enum>
bool from_word(const std::array<const char*, 3>& known, const std::string& word, Enum& value) {
    for (std::size_t i = 0; i < known.size(); ++i) {
        if (word == known[i]) {
            value = static_cast<Enum>(i);
            return true;
        }
    }
    return false;
}

/// What `state` and `list` print, in runc's order.
struct Report {
    std::string oci_version;
    std::string id;
    std::int64_t pid = 0;
    std::string status;
    std::string bundle;
    std::string rootfs;
    std::string created;
    std::map<std::string, std::string> annotations;
    std::string owner;
};

}  // namespace

}  // namespace ocirun

namespace oci::spec {

template <>
struct FieldsOf<ocirun::CgroupRecord> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) {
        fields.required("driver", self.driver);
        fields.required("version", self.version);
        fields.optional("directories", self.directories);
        fields.optional("created", self.created);
        fields.optional("subGroup", self.sub_group);
        fields.optional("unit", self.unit);
        fields.optional("userManager", self.user_manager);
        fields.optional("unitStarted", self.unit_started);
    }
};

template <>
struct FieldsOf<ocirun::StateRecord> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) {
        fields.required("ociVersion", self.state.oci_version);
        fields.required("id", self.state.id);
        fields.required("bundle", self.state.bundle);
        fields.required("rootfs", self.state.rootfs);
        fields.required("created", self.state.created);
        fields.always("pid", self.state.pid);
        fields.always("startTime", self.state.start_time);
        fields.always("owner", self.state.owner);
        fields.always("ownPidNamespace", self.state.own_pid_namespace);
        fields.always("newKeyring", self.state.new_keyring);
        fields.always("hasHooks", self.state.has_hooks);
        fields.required("cgroup", self.cgroup);
        fields.optional("resctrlGroup", self.state.resctrl.group);
        fields.optional("resctrlCreated", self.state.resctrl.created);
        fields.optional("resctrlMonitor", self.state.resctrl.monitor);
        fields.optional("hookOutput", self.state.hook_output);
        fields.optional("hookErrors", self.state.hook_errors);
        fields.optional("annotations", self.state.annotations);
    }
};

template <>
struct FieldsOf<ocirun::Report> {
    static constexpr const char* section = "";
    static void list(auto& fields, auto& self) {
        fields.always("ociVersion", self.oci_version);
        fields.always("id", self.id);
        fields.always("pid", self.pid);
        fields.always("status", self.status);
        fields.always("bundle", self.bundle);
        fields.always("rootfs", self.rootfs);
        fields.always("created", self.created);
        fields.optional("annotations", self.annotations);
        fields.always("owner", self.owner);
    }
};

}  // namespace oci::spec

namespace ocirun {

std::string to_json(const RecordedState& state) {
    StateRecord record;
    record.state = state;
    record.cgroup.driver = driver_words[static_cast<std::size_t>(state.cgroup.driver)];
    record.cgroup.version = version_words[static_cast<std::size_t>(state.cgroup.version)];
    record.cgroup.directories = state.cgroup.directories;
    record.cgroup.created = state.cgroup.created;
    record.cgroup.sub_group = state.cgroup.sub_group;
    record.cgroup.unit = state.cgroup.unit;
    record.cgroup.user_manager = state.cgroup.user_manager;
    record.cgroup.unit_started = state.cgroup.unit_started;
    return oci::spec::write_json(record);
}

oci::Result<RecordedState> parse_recorded_state(std::string_view text, const std::string& file) {
    StateRecord record = TRY(oci::spec::read_json<StateRecord>(text, file));
    RecordedState state = std::move(record.state);
    const bool known = from_word(driver_words, record.cgroup.driver, state.cgroup.driver) &&
                       from_word(version_words, record.cgroup.version, state.cgroup.version);
    if (!known) return oci::failure(oci::ErrorCode::invalid, file + ": cgroup: an unknown driver or version");
    state.cgroup.directories = std::move(record.cgroup.directories);
    state.cgroup.created = std::move(record.cgroup.created);
    state.cgroup.sub_group = std::move(record.cgroup.sub_group);
    state.cgroup.unit = std::move(record.cgroup.unit);
    state.cgroup.user_manager = record.cgroup.user_manager;
    state.cgroup.unit_started = record.cgroup.unit_started;
    return state;
}

std::string_view status_word(Status status) {
    switch (status) {
        case Status::creating:
            return "creating";
        case Status::created:
            return "created";
        case Status::running:
            return "running";
        case Status::paused:
            return "paused";
        case Status::stopped:
            return "stopped";
    }
    return "unknown";
}

namespace {

Report report_of(const RecordedState& state, Status status) {
    Report report;
    report.oci_version = spec_version;
    report.id = state.id;
    report.pid = status == Status::stopped ? 0 : state.pid;
    report.status = status_word(status);
    report.bundle = state.bundle;
    report.rootfs = state.rootfs;
    report.created = state.created;
    report.annotations = state.annotations;
    return report;
}

}  // namespace

std::string state_report(const RecordedState& state, Status status) {
    return oci::spec::write_json(report_of(state, status), "  ");
}

std::string list_report(const RecordedState& state, Status status, const std::string& owner) {
    Report report = report_of(state, status);
    report.owner = owner;
    return oci::spec::write_json(report);
}

std::string current_time_text() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    // Not gmtime_r: it reads the time zone's file first, which takes longer than all the rest here.
    using namespace std::chrono;
    const sys_seconds seconds{std::chrono::seconds{now.tv_sec}};
    const sys_days day = floor<days>(seconds);
    const year_month_day date{day};
    const hh_mm_ss time{seconds - day};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%09ldZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<long>(time.hours().count()),
                  static_cast<long>(time.minutes().count()), static_cast<long>(time.seconds().count()),
                  now.tv_nsec);
    return text.data();
}

}  // namespace ocirun
