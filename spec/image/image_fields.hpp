#pragma once
// The JSON properties of every image document, each listed once for reading and writing.

#include "spec/image/image_config.hpp"
#include "spec/image/index.hpp"
#include "spec/image/layout.hpp"
#include "spec/image/manifest.hpp"
#include "spec/json/fields.hpp"

namespace oci::spec {

template <>
struct FieldsOf<Platform> {
    static constexpr const char* section = "image-index.md \"platform\"";
    static void list(auto& fields, auto& self) {
        fields.required("architecture", self.architecture);
        fields.required("os", self.os);
        fields.optional("os.version", self.os_version);
        fields.optional("os.features", self.os_features);
        fields.optional("variant", self.variant);
    }
};

template <>
struct FieldsOf<Descriptor> {
    static constexpr const char* section = "descriptor.md \"Properties\"";
    static void list(auto& fields, auto& self) {
        fields.required("mediaType", self.media_type);
        fields.required("digest", self.digest);
        fields.required("size", self.size);
        fields.optional("urls", self.urls);
        fields.optional("annotations", self.annotations);
        fields.optional("data", self.data);
        fields.optional("artifactType", self.artifact_type);
        fields.optional("platform", self.platform);
    }
};

template <>
struct FieldsOf<Manifest> {
    static constexpr const char* section = "manifest.md \"Image Manifest Property Descriptions\"";
    static void list(auto& fields, auto& self) {
        fields.required("schemaVersion", self.schema_version);
        fields.optional("mediaType", self.media_type);
        fields.optional("artifactType", self.artifact_type);
        fields.required("config", self.config);
        fields.always("layers", self.layers);
        fields.optional("subject", self.subject);
        fields.optional("annotations", self.annotations);
    }
};

template <>
struct FieldsOf<ImageIndex> {
    static constexpr const char* section = "image-index.md \"Image Index Property Descriptions\"";
    static void list(auto& fields, auto& self) {
        fields.required("schemaVersion", self.schema_version);
        fields.optional("mediaType", self.media_type);
        fields.optional("artifactType", self.artifact_type);
        fields.always("manifests", self.manifests);
        fields.optional("subject", self.subject);
        fields.optional("annotations", self.annotations);
    }
};

template <>
struct FieldsOf<ImageLayout> {
    static constexpr const char* section = "image-layout.md \"oci-layout file\"";
    static void list(auto& fields, auto& self) {
        fields.required("imageLayoutVersion", self.image_layout_version);
    }
};

template <>
struct FieldsOf<EmptyObject> {
    static constexpr const char* section = "config.md \"Properties\"";
    static void list(auto& /*fields*/, auto& /*self*/) {}
};

template <>
struct FieldsOf<Healthcheck> {
    static constexpr const char* section = "config.md \"Healthcheck\"";
    static void list(auto& fields, auto& self) {
        fields.optional("Test", self.test);
        fields.optional("Interval", self.interval);
        fields.optional("Timeout", self.timeout);
        fields.optional("StartPeriod", self.start_period);
        fields.optional("StartInterval", self.start_interval);
        fields.optional("Retries", self.retries);
    }
};

template <>
struct FieldsOf<ExecutionConfig> {
    static constexpr const char* section = "config.md \"Properties\"";
    static void list(auto& fields, auto& self) {
        fields.optional("User", self.user);
        fields.optional("ExposedPorts", self.exposed_ports);
        fields.optional("Env", self.env);
        fields.optional("Entrypoint", self.entrypoint);
        fields.optional("Cmd", self.cmd);
        fields.optional("Volumes", self.volumes);
        fields.optional("WorkingDir", self.working_dir);
        fields.optional("Labels", self.labels);
        fields.optional("StopSignal", self.stop_signal);
        fields.optional("ArgsEscaped", self.args_escaped);
        fields.optional("Memory", self.memory);
        fields.optional("MemorySwap", self.memory_swap);
        fields.optional("CpuShares", self.cpu_shares);
        fields.optional("Healthcheck", self.healthcheck);
        fields.optional("OnBuild", self.on_build);
        fields.optional("Shell", self.shell);
    }
};

template <>
struct FieldsOf<RootFs> {
    static constexpr const char* section = "config.md \"rootfs\"";
    static void list(auto& fields, auto& self) {
        fields.required("type", self.type);
        fields.always("diff_ids", self.diff_ids);
    }
};

template <>
struct FieldsOf<History> {
    static constexpr const char* section = "config.md \"history\"";
    static void list(auto& fields, auto& self) {
        fields.optional("created", self.created);
        fields.optional("author", self.author);
        fields.optional("created_by", self.created_by);
        fields.optional("comment", self.comment);
        fields.optional("empty_layer", self.empty_layer);
    }
};

template <>
struct FieldsOf<ImageConfig> {
    static constexpr const char* section = "config.md \"Properties\"";
    static void list(auto& fields, auto& self) {
        fields.optional("created", self.created);
        fields.optional("author", self.author);
        fields.required("architecture", self.architecture);
        fields.required("os", self.os);
        fields.optional("os.version", self.os_version);
        fields.optional("os.features", self.os_features);
        fields.optional("variant", self.variant);
        fields.optional("config", self.config);
        fields.required("rootfs", self.rootfs);
        fields.optional("history", self.history);
    }
};

}  // namespace oci::spec
