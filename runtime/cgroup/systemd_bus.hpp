#pragma once
// What a runtime asks of systemd: starting, changing and stopping a scope. Host process.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "runtime/cgroup/dbus_connection.hpp"
#include "runtime/plan/cgroup_plan.hpp"

namespace ocirun {

class SystemdBus {
public:
    /// The system's manager, by its own socket where this process is root, else by the bus; or the user's.
    /// DBUS_SYSTEM_BUS_ADDRESS and DBUS_SESSION_BUS_ADDRESS are honoured.
    static oci::Result<SystemdBus> connect(bool user_manager);

    /// Starts the scope around the process and waits until systemd has done so: one round trip.
    oci::Result<void> start_scope(const ScopePlan& scope, pid_t pid);
    /// Changes properties until the next boot.
    oci::Result<void> set_properties(const std::string& unit, std::vector<UnitProperty> properties);
    /// Stops the unit and forgets how it ended; a unit that is gone is no error.
    oci::Result<void> stop(const std::string& unit);
    /// Where the manager's own tree begins ("/user.slice/user-1000.slice/user@1000.service").
    oci::Result<std::string> control_group();

private:
    explicit SystemdBus(DbusConnection connection) : connection_(std::move(connection)) {}
    std::uint32_t call(const std::string& member, std::vector<BusValue> arguments);
    oci::Result<void> start_once(const ScopePlan& scope, pid_t pid, DbusMessage& refusal);
    oci::Result<std::string> wait_for_job(std::uint32_t serial, const std::string& unit,
                                          DbusMessage& refusal);
    void listen_for_jobs();

    DbusConnection connection_;
    bool listens_ = false;
};

/// Drops the property that systemd says it does not know, if it may be missing; false if there is none.
bool drop_unknown_property(std::vector<UnitProperty>& properties, const DbusMessage& refusal);

/// Whether systemd manages this machine, and for an ordinary user where the user's manager is.
oci::Result<SystemdFacts> probe_systemd(const HostFacts& host);

}  // namespace ocirun
