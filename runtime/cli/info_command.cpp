#include <algorithm>

#include "base/text.hpp"
#include "runtime/cli/commands.hpp"
#include "runtime/cli/options.hpp"
#include "runtime/container/bundle_report.hpp"
#include "runtime/launch/host_report.hpp"
#include "spec/json/writer.hpp"

// info: what this host supports and lacks, and what a bundle would trip over.

namespace ocirun {

using oci::ErrorCode;
using oci::failure;
using oci::Result;
using oci::cli::Completes;

namespace {

const char* support_word(Support support) {
    switch (support) {
        case Support::yes:
            return "yes";
        case Support::partly:
            return "partly";
        case Support::no:
            return "no";
    }
    return "";
}

std::string to_lines(const std::vector<ReportItem>& items) {
    std::string text;
    for (const ReportItem& item : items) {
        std::string line = item.name;
        line.resize(std::max<std::size_t>(line.size() + 2, 26), ' ');
        std::string word = support_word(item.support);
        word.resize(8, ' ');
        text += line + word + item.text + "\n";
    }
    return text;
}

struct BundleReport {
    bool asked = false;
    std::vector<std::string> sentences;
};

std::string to_json(const std::vector<ReportItem>& items, const BundleReport& bundle) {
    oci::spec::JsonWriter out("  ");
    out.begin_object();
    out.key("host");
    out.begin_array();
    for (const ReportItem& item : items) {
        out.begin_object();
        out.key("name");
        out.string(item.name);
        out.key("support");
        out.string(support_word(item.support));
        out.key("text");
        out.string(item.text);
        out.end_object();
    }
    out.end_array();
    if (bundle.asked) {
        out.key("bundle");
        out.begin_array();
        for (const std::string& sentence : bundle.sentences) out.string(sentence);
        out.end_array();
    }
    out.end_object();
    return out.take() + "\n";
}

Result<int> info_command(CommandContext& context) {
    const auto& values = *context.values;
    const std::string format = values.get("format");
    if (format != "text" && format != "json") {
        return failure(ErrorCode::invalid,
                       "invalid format option: " + oci::quote(format) + ": allowed are text and json");
    }
    const std::vector<ReportItem> items = report_host();
    BundleReport bundle;
    bundle.asked = !values.get("bundle").empty() || !values.get("config").empty();
    if (bundle.asked) bundle.sentences = report_bundle(values.get("bundle"), values.get("config"));
    const bool fails = std::any_of(bundle.sentences.begin(), bundle.sentences.end(),
                                   [](const std::string& text) { return !text.starts_with("warning: "); });
    if (format == "json") {
        TRY(print(to_json(items, bundle)));
    } else {
        std::string text = to_lines(items);
        if (bundle.asked) {
            text += bundle.sentences.empty() ? "\nThe bundle: nothing was found that it would trip over.\n"
                                             : "\nThe bundle would trip over:\n";
            for (const std::string& sentence : bundle.sentences) text += "- " + sentence + "\n";
        }
        TRY(print(text));
    }
    return fails ? 1 : 0;
}

}  // namespace

CommandEntry info_entry() {
    return {
        {.name = "info",
         .summary = "tell what this host supports and lacks, and what a bundle would trip over",
         .description =
             "Looks and changes nothing; root is not needed. With --bundle the configuration is validated, "
             "planned for this host, and what it names (the program, sources of binds, hooks, namespaces, "
             "controllers) is looked up. The exit code is 1 when create would fail.",
         .options = {value("bundle", "DIR", "the bundle to look at", "b", Completes::directories),
                     value("config", "FILE", "read this file instead of config.json of the bundle", "",
                           Completes::files),
                     format({"text", "json"}, "text or json")},
         .examples = {"ocirun info", "ocirun info --bundle ./mycontainer"}},
        info_command};
}

}  // namespace ocirun
