#include "runtime/cgroup/systemd_bus.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>

#include "base/file.hpp"
#include "base/text.hpp"

namespace ocirun {
namespace {

using oci::ErrorCode;
using oci::Result;

constexpr std::chrono::milliseconds patience{30000};
constexpr const char* systemd_name = "org.freedesktop.systemd1";
constexpr const char* systemd_path = "/org/freedesktop/systemd1";
constexpr const char* manager_interface = "org.freedesktop.systemd1.Manager";

std::string environment_value(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

Result<DbusConnection> connect_system() {
    const std::string named = environment_value("DBUS_SYSTEM_BUS_ADDRESS");
    if (!named.empty()) return DbusConnection::open(named, true);
    // Straight to systemd where it lets us: the bus has enough to do on a machine with many containers.
    if (::geteuid() == 0) {
        auto direct = DbusConnection::open("unix:path=/run/systemd/private", false);
        if (direct) return direct;
    }
    return DbusConnection::open(
        "unix:path=/run/dbus/system_bus_socket;unix:path=/var/run/dbus/system_bus_socket", true);
}

Result<DbusConnection> connect_user() {
    const std::string directory = environment_value("XDG_RUNTIME_DIR");
    const std::string named = environment_value("DBUS_SESSION_BUS_ADDRESS");
    if (!named.empty()) return DbusConnection::open(named, true);
    if (directory.empty())
        return oci::failure(ErrorCode::unsupported,
                            "the user's systemd cannot be found: neither DBUS_SESSION_BUS_ADDRESS nor "
                            "XDG_RUNTIME_DIR is set");
    auto bus = DbusConnection::open("unix:path=" + directory + "/bus", true);
    if (bus) return bus;
    return DbusConnection::open("unix:path=" + directory + "/systemd/private", false);
}

BusValue as_bus_properties(const std::vector<UnitProperty>& properties) {
    std::vector<BusValue> items;
    items.reserve(properties.size());
    for (const UnitProperty& property : properties)
        items.push_back(bus_struct({bus_text(property.name), bus_variant(property.value)}));
    return bus_array("(sv)", std::move(items));
}

bool is_error(const DbusMessage& message, const char* name) {
    return message.type == DbusType::error && message.error_name == name;
}

bool is_unknown_unit(const DbusMessage& message) {
    return is_error(message, "org.freedesktop.systemd1.NoSuchUnit") ||
           is_error(message, "org.freedesktop.systemd1.UnitNotLoaded");
}

}  // namespace

bool drop_unknown_property(std::vector<UnitProperty>& properties, const DbusMessage& refusal) {
    // "Cannot set property MemoryZSwapMax, or unknown property."
    if (!is_error(refusal, "org.freedesktop.DBus.Error.PropertyReadOnly")) return false;
    const std::vector<std::string> words = oci::words(error_of_dbus(refusal).text);
    const auto unknown =
        std::find_if(properties.begin(), properties.end(), [&](const UnitProperty& property) {
            return property.may_be_unknown &&
                   std::any_of(words.begin(), words.end(), [&](const std::string& word) {
                       return word == property.name || word == property.name + ",";
                   });
        });
    if (unknown == properties.end()) return false;
    properties.erase(unknown);
    return true;
}

Result<SystemdBus> SystemdBus::connect(bool user_manager) {
    auto connection = user_manager ? connect_user() : connect_system();
    if (!connection) return connection.error().in("systemd");
    return SystemdBus(std::move(*connection));
}

std::uint32_t SystemdBus::call(const std::string& member, std::vector<BusValue> arguments) {
    return connection_.queue({.path = systemd_path,
                              .interface = manager_interface,
                              .member = member,
                              .destination = systemd_name,
                              .body = std::move(arguments)});
}

void SystemdBus::listen_for_jobs() {
    if (listens_) return;
    listens_ = true;
    // Without a bus in between the manager tells everybody who is connected.
    if (!connection_.is_bus()) return;
    connection_.queue({.path = "/org/freedesktop/DBus",
                       .interface = "org.freedesktop.DBus",
                       .member = "AddMatch",
                       .destination = "org.freedesktop.DBus",
                       .body = {bus_text(std::string("type='signal',path='") + systemd_path +
                                         "',interface='" + manager_interface + "',member='JobRemoved'")}});
    call("Subscribe", {});
}

Result<std::string> SystemdBus::wait_for_job(std::uint32_t serial, const std::string& unit,
                                             DbusMessage& refusal) {
    const Deadline deadline(patience);
    std::string job;
    std::map<std::string, std::string> ended;  // a job with nothing to do may end before the answer
    for (;;) {
        DbusMessage message = TRY(connection_.next(deadline).in(unit));
        if (message.type == DbusType::error) {
            const oci::Error error = error_of_dbus(message);
            const bool ours = message.answers == serial;
            if (ours) refusal = std::move(message);
            return error;
        }
        if (message.answers == serial && !message.body.empty()) job = message.body.front().text;
        // id, object path, unit, result.
        const bool is_end = message.type == DbusType::signal && message.member == "JobRemoved";
        if (is_end && message.body.size() == 4) ended[message.body[1].text] = message.body[3].text;
        if (const auto found = ended.find(job); found != ended.end()) return found->second;
    }
}

Result<void> SystemdBus::start_once(const ScopePlan& scope, pid_t pid, DbusMessage& refusal) {
    listen_for_jobs();
    std::vector<UnitProperty> properties = scope.properties;
    properties.push_back({"PIDs", bus_array("u", {bus_uint32(static_cast<std::uint32_t>(pid))})});
    // The unit stays as long as this connection, however soon its processes end.
    if (connection_.is_bus()) properties.push_back({"AddRef", bus_flag(true), true});
    const std::uint32_t serial = call(
        "StartTransientUnit",
        {bus_text(scope.unit), bus_text("fail"), as_bus_properties(properties), bus_array("(sa(sv))", {})});
    const std::string result = TRY(wait_for_job(serial, scope.unit, refusal));
    if (result == "done") return {};
    return oci::failure("its job ended with " + oci::quote(result));
}

Result<void> SystemdBus::start_scope(const ScopePlan& scope, pid_t pid) {
    ScopePlan attempt = scope;
    bool forgotten = false;
    for (;;) {
        DbusMessage refusal;
        auto started = start_once(attempt, pid, refusal);
        if (started) return {};
        if (drop_unknown_property(attempt.properties, refusal)) continue;
        // What is left of a unit of this name that failed is in the way until it is forgotten.
        if (!is_error(refusal, "org.freedesktop.systemd1.UnitExists") || forgotten)
            return std::move(started).in("systemd: start " + scope.unit);
        forgotten = true;
        const std::uint32_t serial = call("ResetFailedUnit", {bus_text(scope.unit)});
        static_cast<void>(connection_.answer_to(serial, Deadline(patience)).has_value());
    }
}

Result<void> SystemdBus::set_properties(const std::string& unit, std::vector<UnitProperty> properties) {
    while (!properties.empty()) {
        const std::uint32_t serial =
            call("SetUnitProperties", {bus_text(unit), bus_flag(true), as_bus_properties(properties)});
        const Deadline deadline(patience);
        DbusMessage message;
        while (message.answers != serial) message = TRY(connection_.next(deadline));
        if (message.type != DbusType::error) return {};
        if (!drop_unknown_property(properties, message))
            return error_of_dbus(message).in("systemd: set properties of " + unit);
    }
    return {};
}

Result<void> SystemdBus::stop(const std::string& unit) {
    listen_for_jobs();
    const std::uint32_t serial = call("StopUnit", {bus_text(unit), bus_text("replace")});
    DbusMessage refusal;
    const auto stopped = wait_for_job(serial, unit, refusal);
    if (!stopped && !is_unknown_unit(refusal)) return stopped.error().in("systemd: stop " + unit);
    const std::uint32_t reset = call("ResetFailedUnit", {bus_text(unit)});
    static_cast<void>(connection_.answer_to(reset, Deadline(patience)).has_value());
    return {};
}

Result<std::string> SystemdBus::control_group() {
    const std::uint32_t serial =
        connection_.queue({.path = systemd_path,
                           .interface = "org.freedesktop.DBus.Properties",
                           .member = "Get",
                           .destination = systemd_name,
                           .body = {bus_text(manager_interface), bus_text("ControlGroup")}});
    const DbusMessage answer =
        TRY(connection_.answer_to(serial, Deadline(patience)).in("systemd: ask for its control group"));
    if (answer.body.size() != 1 || answer.body[0].signature != "v" || answer.body[0].items.empty())
        return oci::failure("systemd: its control group is not told");
    return answer.body[0].items.front().text;
}

Result<SystemdFacts> probe_systemd(const HostFacts& host) {
    SystemdFacts facts;
    facts.running = oci::exists_at(oci::current_directory, "/run/systemd/system");
    facts.user_manager = host.effective_uid != 0 ||
                         (host.in_user_namespace && (!environment_value("XDG_RUNTIME_DIR").empty() ||
                                                     !environment_value("DBUS_SESSION_BUS_ADDRESS").empty()));
    if (!facts.running || !facts.user_manager) return facts;
    SystemdBus bus = TRY(SystemdBus::connect(true));
    facts.manager_cgroup = TRY(bus.control_group());
    return facts;
}

}  // namespace ocirun
