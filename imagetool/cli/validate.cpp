#include "base/interruption.hpp"
#include "imagetool/cli/arguments.hpp"
#include "imagetool/cli/commands.hpp"
#include "imagetool/cli/compression_argument.hpp"
#include "imagetool/cli/format.hpp"
#include "imagetool/cli/options.hpp"
#include "imagetool/store/check_layout.hpp"
#include "imagetool/store/repair_layout.hpp"
#include "imagetool/transfer/open_place.hpp"

namespace ocimg {

namespace {

oci::Result<std::string> layout_path(const oci::cli::Values& values) {
    return values.arguments().empty() ? default_store_path()
                                      : oci::Result<std::string>(values.arguments().front());
}

void finding_as_json(oci::spec::JsonWriter& out, const oci::spec::Finding& finding) {
    out.begin_object();
    json_field(out, "file", finding.file);
    json_field(out, "pointer", json_pointer(finding.path));
    if (finding.line > 0) json_number(out, "line", finding.line);
    if (finding.column > 0) json_number(out, "column", finding.column);
    json_field(out, "found", finding.found);
    json_field(out, "allowed", finding.allowed);
    json_field(out, "section", finding.section);
    out.end_object();
}

std::string report_as_json(const LayoutReport& report) {
    oci::spec::JsonWriter out("    ");
    out.begin_object();
    out.key("findings");
    out.begin_array();
    for (const oci::spec::Finding& finding : report.findings) finding_as_json(out, finding);
    out.end_array();
    json_number(out, "documents", report.documents);
    json_number(out, "blobs", report.blobs);
    json_number(out, "layers", report.layers);
    out.end_object();
    return out.take() + "\n";
}

std::string report_as_text(const LayoutReport& report) {
    std::string text;
    for (const oci::spec::Finding& finding : report.findings) {
        oci::spec::Finding shown = finding;
        shown.path = json_pointer(finding.path);
        text += printable(to_text(shown)) + "\n";
    }
    const std::size_t count = report.findings.size();
    return text +
           (count == 0 ? "valid: " : std::to_string(count) + " finding" + (count == 1 ? "" : "s") + ": ") +
           std::to_string(report.documents) + " documents, " + std::to_string(report.blobs) + " blobs, " +
           std::to_string(report.layers) + " layers\n";
}

/// Tells one thing after the other, each done when the next one starts.
class CheckProgress {
public:
    explicit CheckProgress(std::unique_ptr<Progress> progress) : progress_(std::move(progress)) {}

    CheckOptions options(bool contents) {
        return {.contents = contents,
                .on_start =
                    [this](const std::string& what, std::uint64_t bytes) {
                        item_.finish();
                        item_ = progress_->start(what, bytes);
                    },
                .on_read = [this](std::uint64_t bytes) { item_.add(bytes); }};
    }
    void finish() { item_.finish(); }

private:
    std::unique_ptr<Progress> progress_;
    ProgressItem item_;  // ends before what it reports to
};

oci::Result<int> run_validate(const oci::cli::Values& values) {
    oci::catch_interruptions();
    CheckProgress progress(TRY(open_progress(values)));
    const LayoutReport report =
        TRY(check_layout(TRY(layout_path(values)), progress.options(!values.has("fast"))));
    progress.finish();
    TRY(print(values.has("json") ? report_as_json(report) : report_as_text(report)));
    return report.findings.empty() ? 0 : 1;
}

oci::Result<int> run_fsck(const oci::cli::Values& values) {
    const std::string path = TRY(layout_path(values));
    oci::catch_interruptions();
    const Layout layout = TRY(Layout::open(path));
    CheckProgress progress(TRY(open_progress(values)));
    const Repair repair = TRY(repair_layout(layout, values.has("repair"), progress.options(true)));
    progress.finish();
    oci::spec::JsonWriter out("    ");
    std::string text;
    out.begin_object();
    const auto list = [&](const char* name, const char* label, const std::vector<std::string>& items) {
        out.key(name);
        out.begin_array();
        for (const std::string& item : items) {
            out.string(item);
            text += std::string(label) + printable(item) + "\n";
        }
        out.end_array();
    };
    list("damagedBlobs", "damaged blob: ", repair.damaged);
    list("brokenImages", "broken image: ", repair.broken);
    list("leftFiles", "left by a killed writer: ", repair.left);
    out.key("repaired");
    out.boolean(values.has("repair"));
    out.end_object();
    const bool clean = repair.damaged.empty() && repair.broken.empty() && repair.left.empty();
    text += clean                  ? "clean\n"
            : values.has("repair") ? "repaired: all of this was removed\n"
                                   : "nothing was changed; --repair removes all of this\n";
    TRY(print(values.has("json") ? out.take() + "\n" : text));
    return clean || values.has("repair") ? 0 : 1;
}

oci::cli::Command validate_command() {
    return {
        .name = "validate",
        .summary = "check a layout against the image specification",
        .arguments = "[LAYOUT]",
        .description =
            "Checks oci-layout, index.json, every index, manifest and config, every annotation and media "
            "type, "
            "every blob's digest and size, and every layer's archive and diff id. Each finding names the "
            "file, "
            "the place in it as a JSON pointer, what was found, what is allowed, and the section of "
            "image-spec. "
            "All findings are shown. The exit code is 1 when there are any.",
        .options = {switch_option("fast", "documents, sizes and presence only: read no blob's content"),
                    progress_option(), switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg validate layout", "ocimg validate --json layout"},
    };
}

oci::cli::Command fsck_command() {
    return {
        .name = "fsck",
        .summary = "find damaged blobs and broken images of a layout, and remove them",
        .arguments = "[LAYOUT]",
        .description =
            "Reads every blob. Tells which are damaged, which images need a blob that is damaged or "
            "missing, and what killed writers left. With --repair the damaged blobs, the tags of the "
            "broken images and the rest are removed, so that what is left is whole; a blob that is "
            "pulled or written again heals its images if it comes before the repair.",
        .options = {switch_option("repair", "remove what is damaged or broken"), progress_option(),
                    switch_option("json", "print JSON")},
        .least_arguments = 0,
        .most_arguments = 1,
        .examples = {"ocimg fsck layout", "ocimg fsck --repair layout"},
    };
}

}  // namespace

CommandEntry validate_entry() {
    return {validate_command(), run_validate};
}

CommandEntry fsck_entry() {
    return {fsck_command(), run_fsck};
}

}  // namespace ocimg
