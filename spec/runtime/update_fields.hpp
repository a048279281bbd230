#pragma once
// The properties of what `update` is given, listed once.

#include "spec/runtime/config_fields.hpp"
#include "spec/runtime/update.hpp"

namespace oci::spec {

template <>
struct FieldsOf<Update> {
    static constexpr const char* section = "config-linux.md \"Control groups\"";
    static void list(auto& fields, auto& self) {
        FieldsOf<Resources>::list(fields, self.resources);
        fields.optional("mounts", self.mounts);
        fields.optional("deviceNodes", self.device_nodes);
    }
};

}  // namespace oci::spec
