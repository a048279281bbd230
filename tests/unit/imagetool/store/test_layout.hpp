#pragma once
// A layout in a temporary directory, with shortcuts to put images and wrong things into it.

#include <gtest/gtest.h>

#include <string>

#include "base/file.hpp"
#include "base/file_replace.hpp"
#include "imagetool/image/edit.hpp"
#include "imagetool/store/layout.hpp"
#include "imagetool/store/save_image.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ocimg::test {

struct TestLayout {
    oci::test::TemporaryDirectory directory;
    Layout layout = Layout::create(directory.path("layout")).value();

    [[nodiscard]] std::string path(const std::string& name) const { return directory.path("layout/" + name); }

    oci::spec::Descriptor save(const std::string& tag, const std::string& platform = "linux/amd64") {
        const Image image = empty_image(oci::spec::parse_platform(platform).value(), {});
        const LayoutLock lock = layout.lock().value();
        return save_image(layout, lock, tag, image.manifest, image.config, ExistingTag::replace).value();
    }

    void set_index(const oci::spec::ImageIndex& index) {
        const LayoutLock lock = layout.lock().value();
        layout.replace_index(lock, index).value();
    }

    void write(const std::string& name, std::string_view text) {
        const oci::Fd file = oci::open_file(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644).value();
        oci::write_all(file, text).value();
    }

    /// The file of a blob, below the layout.
    static std::string blob(const std::string& digest) { return "blobs/sha256/" + digest.substr(7); }
};

}  // namespace ocimg::test
