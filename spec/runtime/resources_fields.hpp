#pragma once
// The properties of the resources section, listed once.

#include "spec/json/fields.hpp"
#include "spec/runtime/resources.hpp"

namespace oci::spec {

template <>
struct FieldsOf<DeviceCgroup> {
    static constexpr const char* section = "config-linux.md \"Allowed Device list\"";
    static void list(auto& fields, auto& self) {
        fields.required("allow", self.allow);
        fields.optional("type", self.type);
        fields.optional("major", self.major);
        fields.optional("minor", self.minor);
        fields.optional("access", self.access);
    }
};

template <>
struct FieldsOf<Memory> {
    static constexpr const char* section = "config-linux.md \"Memory\"";
    static void list(auto& fields, auto& self) {
        fields.optional("limit", self.limit);
        fields.optional("reservation", self.reservation);
        fields.optional("swap", self.swap);
        fields.optional("kernel", self.kernel);
        fields.optional("kernelTCP", self.kernel_tcp);
        fields.optional("swappiness", self.swappiness);
        fields.optional("disableOOMKiller", self.disable_oom_killer);
        fields.optional("useHierarchy", self.use_hierarchy);
        fields.optional("checkBeforeUpdate", self.check_before_update);
    }
};

template <>
struct FieldsOf<Cpu> {
    static constexpr const char* section = "config-linux.md \"CPU\"";
    static void list(auto& fields, auto& self) {
        fields.optional("shares", self.shares);
        fields.optional("quota", self.quota);
        fields.optional("burst", self.burst);
        fields.optional("period", self.period);
        fields.optional("realtimeRuntime", self.realtime_runtime);
        fields.optional("realtimePeriod", self.realtime_period);
        fields.optional("cpus", self.cpus);
        fields.optional("mems", self.mems);
        fields.optional("idle", self.idle);
    }
};

template <>
struct FieldsOf<Pids> {
    static constexpr const char* section = "config-linux.md \"PIDs\"";
    static void list(auto& fields, auto& self) { fields.optional("limit", self.limit); }
};

template <>
struct FieldsOf<WeightDevice> {
    static constexpr const char* section = "config-linux.md \"Block IO\"";
    static void list(auto& fields, auto& self) {
        fields.required("major", self.major);
        fields.required("minor", self.minor);
        fields.optional("weight", self.weight);
        fields.optional("leafWeight", self.leaf_weight);
    }
};

template <>
struct FieldsOf<ThrottleDevice> {
    static constexpr const char* section = "config-linux.md \"Block IO\"";
    static void list(auto& fields, auto& self) {
        fields.required("major", self.major);
        fields.required("minor", self.minor);
        fields.required("rate", self.rate);
    }
};

template <>
struct FieldsOf<BlockIo> {
    static constexpr const char* section = "config-linux.md \"Block IO\"";
    static void list(auto& fields, auto& self) {
        fields.optional("weight", self.weight);
        fields.optional("leafWeight", self.leaf_weight);
        fields.optional("weightDevice", self.weight_device);
        fields.optional("throttleReadBpsDevice", self.throttle_read_bps_device);
        fields.optional("throttleWriteBpsDevice", self.throttle_write_bps_device);
        fields.optional("throttleReadIOPSDevice", self.throttle_read_iops_device);
        fields.optional("throttleWriteIOPSDevice", self.throttle_write_iops_device);
    }
};

template <>
struct FieldsOf<HugepageLimit> {
    static constexpr const char* section = "config-linux.md \"Huge page limits\"";
    static void list(auto& fields, auto& self) {
        fields.required("pageSize", self.page_size);
        fields.required("limit", self.limit);
    }
};

template <>
struct FieldsOf<InterfacePriority> {
    static constexpr const char* section = "config-linux.md \"Network\"";
    static void list(auto& fields, auto& self) {
        fields.required("name", self.name);
        fields.required("priority", self.priority);
    }
};

template <>
struct FieldsOf<Network> {
    static constexpr const char* section = "config-linux.md \"Network\"";
    static void list(auto& fields, auto& self) {
        fields.optional("classID", self.class_id);
        fields.optional("priorities", self.priorities);
    }
};

template <>
struct FieldsOf<Rdma> {
    static constexpr const char* section = "config-linux.md \"RDMA\"";
    static void list(auto& fields, auto& self) {
        fields.optional("hcaHandles", self.hca_handles);
        fields.optional("hcaObjects", self.hca_objects);
    }
};

template <>
struct FieldsOf<Resources> {
    static constexpr const char* section = "config-linux.md \"Control groups\"";
    static void list(auto& fields, auto& self) {
        fields.optional("devices", self.devices);
        fields.optional("memory", self.memory);
        fields.optional("cpu", self.cpu);
        fields.optional("pids", self.pids);
        fields.optional("blockIO", self.block_io);
        fields.optional("hugepageLimits", self.hugepage_limits);
        fields.optional("network", self.network);
        fields.optional("rdma", self.rdma);
        fields.optional("unified", self.unified);
    }
};

}  // namespace oci::spec
