#include <gtest/gtest.h>
#include <unistd.h>

#include "imagetool/store/find_image.hpp"
#include "spec/image/image_json.hpp"
#include "spec/image/media_type.hpp"
#include "tests/support/result_matchers.hpp"
#include "tests/unit/imagetool/store/test_layout.hpp"

// Rows of the list of known attacks on images that a layout decides: each test is named after its row.

namespace ocimg {
namespace {

using oci::spec::Descriptor;
using oci::spec::ImageIndex;
using oci::test::FailsWith;
using oci::test::IsOk;

void name_by_tag(test::TestLayout& layout, Descriptor descriptor, const std::string& media_type) {
    descriptor.media_type = media_type;
    descriptor.annotations[oci::spec::ref_name_annotation] = "x";
    ImageIndex index;
    index.manifests = {descriptor};
    layout.set_index(index);
}

TEST(HostileLayout, I14_digest_strings_are_refused_in_every_field_before_any_lookup) {
    const std::string hex(64, 'a');
    const std::vector<std::string> digests{"",
                                           "sha256",
                                           "sha256:",
                                           ":" + hex,
                                           "sha256:../../canary",
                                           "sha256:" + std::string(64, 'A'),
                                           "sha256:" + std::string(63, 'a'),
                                           "sha256:" + hex + "a",
                                           "sha256:" + hex + "/..",
                                           "sha256:" + hex + "\n",
                                           "sha256:" + std::string("\0", 1) + std::string(63, 'a'),
                                           "sha512:" + hex,
                                           "sha256:x?y",
                                           "../sha256:" + hex,
                                           "md5:d41d8cd98f00b204e9800998ecf8427e"};
    test::TestLayout layout;
    for (const std::string& digest : digests) {
        Descriptor descriptor;
        descriptor.media_type = oci::spec::media_type::manifest;
        descriptor.digest = digest;
        descriptor.size = 2;
        EXPECT_FALSE(layout.layout.open_blob(descriptor).has_value()) << digest;
        EXPECT_FALSE(layout.layout.read_blob(descriptor).has_value()) << digest;
        for (const bool of_config : {true, false}) {
            oci::spec::Manifest manifest = empty_image({.architecture = "amd64", .os = "linux"}, {}).manifest;
            manifest.config = {.media_type = std::string(oci::spec::media_type::config),
                               .digest = of_config ? digest : "sha256:" + hex,
                               .size = 2};
            manifest.layers = {{.media_type = std::string(oci::spec::media_type::layer_tar),
                                .digest = of_config ? "sha256:" + hex : digest,
                                .size = 2}};
            const auto parsed = oci::spec::parse_manifest(to_json(manifest), "m");
            const bool is_well_formed = digest.starts_with("md5:");  // by the grammar; nobody can check it
            EXPECT_EQ(parsed.has_value(), is_well_formed) << digest;
        }
    }
}

struct Shape {
    const char* name;
    bool manifest;
    bool index;
};

std::string document(const std::string& media_type, const Shape& shape, const Descriptor& config,
                     const Descriptor& inner) {
    const auto json = [](const Descriptor& d) {
        return R"({"mediaType":")" + d.media_type + R"(","digest":")" + d.digest + R"(","size":)" +
               std::to_string(d.size) + "}";
    };
    std::string text = R"({"schemaVersion":2)";
    if (!media_type.empty()) text += R"(,"mediaType":")" + media_type + "\"";
    if (shape.manifest) text += R"(,"config":)" + json(config) + R"(,"layers":[])";
    if (shape.index) text += R"(,"manifests":[)" + json(inner) + "]";
    return text + "}";
}

TEST(HostileLayout, I15_one_digest_is_never_read_as_manifest_and_index) {
    const std::string manifest_type(oci::spec::media_type::manifest);
    const std::string index_type(oci::spec::media_type::index);
    test::TestLayout layout;
    const Descriptor inner = layout.save("inner");
    const Descriptor config = read_image(layout.layout, inner)->manifest.config;
    std::vector<std::string> accepted;
    int cases = 0;
    for (const std::string& outer : {manifest_type, index_type}) {
        for (const std::string& own : {std::string(), manifest_type, index_type}) {
            for (const Shape& shape : {Shape{"manifest", true, false}, Shape{"index", false, true},
                                       Shape{"both", true, true}, Shape{"neither", false, false}}) {
                ++cases;
                const std::string text = document(own, shape, config, inner);
                name_by_tag(layout, layout.layout.write_blob(text, outer).value(), outer);
                if (!find_image(layout.layout, {.tag = "x"})) continue;
                accepted.push_back((outer == index_type ? "index " : "manifest ") +
                                   std::string(own.empty() ? "unnamed " : "named ") + shape.name);
            }
        }
    }
    EXPECT_EQ(cases, 24);
    EXPECT_EQ(accepted, (std::vector<std::string>{"manifest unnamed manifest", "manifest named manifest",
                                                  "index unnamed index", "index named index"}));
}

TEST(HostileLayout, I16_counts_nulls_and_missing_parts_are_findings_not_crashes) {
    test::TestLayout layout;
    const std::string hex(64, 'a');
    const std::vector<std::string> configs{
        "null",
        "[]",
        "{}",
        R"({"architecture":"amd64","os":"linux"})",
        R"({"architecture":"amd64","os":"linux","rootfs":null})",
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:)" + hex +
            R"("]}})",
        R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[null]}})",
        R"({"architecture":null,"os":null,"rootfs":{"type":null,"diff_ids":null},"config":null,"history":null})"};
    for (const std::string& text : configs) {
        oci::spec::Manifest manifest = empty_image({.architecture = "amd64", .os = "linux"}, {}).manifest;
        manifest.config = layout.layout.write_blob(text, oci::spec::media_type::config).value();
        name_by_tag(layout,
                    layout.layout.write_blob(to_json(manifest), oci::spec::media_type::manifest).value(),
                    std::string(oci::spec::media_type::manifest));
        EXPECT_FALSE(find_image(layout.layout, {.tag = "x"}).has_value()) << text;
    }
    const std::string deep(100000, '[');
    for (const std::string_view type : {oci::spec::media_type::manifest, oci::spec::media_type::index}) {
        name_by_tag(layout, layout.layout.write_blob(deep, type).value(), std::string(type));
        EXPECT_FALSE(find_image(layout.layout, {.tag = "x"}).has_value());
    }
}

TEST(HostileLayout, I18_documents_above_the_budget_are_not_read) {
    test::TestLayout layout;
    const Descriptor manifest = layout.save("x");
    const Descriptor config = read_image(layout.layout, manifest)->manifest.config;
    constexpr off_t huge = off_t{10} << 30U;
    for (const std::string& name : {std::string("index.json"), std::string("oci-layout")}) {
        test::TestLayout other;
        ASSERT_EQ(::truncate(other.path(name).c_str(), huge), 0);
        const auto opened = Layout::open(other.path(""));
        EXPECT_FALSE(opened && opened->index()) << name;
    }
    for (Descriptor blob : {manifest, config}) {
        ASSERT_EQ(::truncate(layout.path(test::TestLayout::blob(blob.digest)).c_str(), huge), 0);
        EXPECT_THAT(layout.layout.read_blob(blob), FailsWith("is too long"));
        blob.size = huge;
        EXPECT_THAT(layout.layout.read_blob(blob), FailsWith("a document may have 4194304"));
    }
}

}  // namespace
}  // namespace ocimg
