#include "imagetool/look/report.hpp"

#include <algorithm>

#include "imagetool/image/history.hpp"
#include "imagetool/look/html.hpp"
#include "imagetool/look/treemap.hpp"
#include "spec/image/image_fields.hpp"
#include "spec/image/image_json.hpp"
#include "spec/json/writer.hpp"

namespace ocimg {

namespace {

constexpr std::size_t most_rows = 200;
constexpr double map_width = 1160;
constexpr double map_height = 620;

constexpr const char* page_start = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1160px; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
code, td.path { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; unicode-bidi: isolate; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; }
.facts div { background: var(--soft); border-radius: .5rem; padding: .5rem .9rem; }
.facts b { display: block; font-size: 1.25rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.key { display: inline-block; width: .9em; height: .9em; border-radius: .2em; vertical-align: -.1em; }
.bar { background: var(--soft); border-radius: .2rem; height: .8rem; min-width: 8rem; display: flex; }
.bar i { display: block; height: 100%; } .bar i.hidden { background: #d33; }
svg { width: 100%; height: auto; border: 1px solid var(--line); background: Canvas; }
svg rect { stroke: Canvas; stroke-width: .7; } svg text { font: 10.5px ui-monospace, monospace; fill: CanvasText; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .75rem; border-radius: .5rem; }
</style>
)html";

std::string cell(const std::string& text, const char* kind = "") {
    return std::string("<td") + (*kind == '\0' ? "" : std::string(" class=\"") + kind + "\"") + ">" + text +
           "</td>";
}

std::string fact(const std::string& value, const char* what) {
    return "<div><b>" + value + "</b>" + what + "</div>\n";
}

std::string key_of(std::size_t layer) {
    return "<span class=\"key\" style=\"background:" + layer_colour(layer) + "\"></span> " +
           std::to_string(layer);
}

std::string header(const std::string& name, const FoundImage& image, const ImageSummary& summary) {
    const auto efficiency = summary.efficiency();
    return "<title>" + html_text(name) + "</title></head><body>\n<h1>" + html_text(name) +
           "</h1>\n<p><code>" + html_text(image.descriptor.digest) + "</code><br>" +
           html_text(to_text(oci::spec::platform_of(image.config))) + ", created " +
           html_text(image.config.created.empty() ? "at an unknown time" : image.config.created) +
           "</p>\n<div class=\"facts\">\n" + fact(std::to_string(summary.layers.size()), "layers") +
           fact(html_size(summary.blob_bytes), "of blobs, as they are stored and sent") +
           fact(html_size(summary.shared_bytes), "of them shared with other images") +
           fact(html_size(summary.file_bytes), "of contents in all layers") +
           fact(std::to_string(summary.files), "files and directories") +
           fact(html_size(summary.hidden_bytes), "wasted: hidden by other layers") +
           fact(std::to_string(efficiency / 10) + "." + std::to_string(efficiency % 10) + " %",
                "efficiency") +
           "</div>\n";
}

/// How wide a layer's bar is, in per cent of the largest one's.
std::string bar(const LayerCounts& counts, std::size_t layer, std::uint64_t largest) {
    const auto part = [&](std::uint64_t bytes) {
        return std::to_string(static_cast<int>(100.0 * static_cast<double>(bytes) /
                                               static_cast<double>(std::max<std::uint64_t>(largest, 1))));
    };
    return "<div class=\"bar\"><i style=\"width:" + part(counts.bytes - counts.hidden_bytes) +
           "%;background:" + layer_colour(layer) +
           "\"></i><i class=\"hidden\" style=\"width:" + part(counts.hidden_bytes) + "%\"></i></div>";
}

std::string layer_table(const ImageSummary& summary) {
    std::uint64_t largest = 0;
    for (const LayerSummary& layer : summary.layers) largest = std::max(largest, layer.counts.bytes);
    std::string text =
        "<h2>Layers</h2>\n<table><tr><th>Layer<th>Contents<th class=\"n\">Blob<th class=\"n\">Contents<th "
        "class=\"n\">Wasted<th class=\"n\">Added<th class=\"n\">Changed<th class=\"n\">Removed<th>Made "
        "by</tr>\n";
    for (std::size_t i = 0; i < summary.layers.size(); ++i) {
        const LayerSummary& layer = summary.layers[i];
        const LayerCounts& counts = layer.counts;
        std::string made = "<code>" + html_text(layer.created_by) + "</code><br><code>" +
                           html_text(layer.digest.substr(0, 19)) + "</code>";
        for (const std::string& other : layer.shared_with) made += "<br>also in " + html_text(other);
        text += "<tr>" + cell(key_of(i)) + cell(bar(counts, i, largest)) +
                cell(html_size(layer.blob_size), "n") + cell(html_size(counts.bytes), "n") +
                cell(html_size(counts.hidden_bytes), "n") + cell(std::to_string(counts.added), "n") +
                cell(std::to_string(counts.changed), "n") + cell(std::to_string(counts.removed), "n") +
                cell(made) + "</tr>\n";
    }
    return text + "</table>\n";
}

std::string hidden_table(const ImageSummary& summary) {
    std::string text = "<h2>Wasted space</h2>\n";
    if (summary.hidden.empty()) return text + "<p>No file is hidden by another layer.</p>\n";
    text += "<table><tr><th class=\"n\">Bytes<th>In layer<th>Hidden by<th>How<th>Path</tr>\n";
    for (std::size_t i = 0; i < std::min(most_rows, summary.hidden.size()); ++i) {
        const HiddenFile& file = summary.hidden[i];
        text += "<tr>" + cell(html_size(file.bytes), "n") + cell(key_of(file.lower)) +
                cell(key_of(file.upper)) + cell(file.how == Hiding::replaced ? "replaced" : "removed") +
                cell("/" + html_text(file.path), "path") + "</tr>\n";
    }
    text += "</table>\n";
    if (summary.hidden.size() > most_rows) {
        text +=
            "<p>" + std::to_string(summary.hidden.size() - most_rows) + " smaller ones are left out.</p>\n";
    }
    return text;
}

void collect_files(const TreeNode& node, std::vector<const TreeNode*>& files) {
    if (node.content != nullptr && node.content->size > 0) files.push_back(&node);
    for (const auto& [name, child] : node.children) collect_files(*child, files);
}

std::string largest_files(const ImageTree& tree) {
    std::vector<const TreeNode*> files;
    collect_files(tree.root(), files);
    std::stable_sort(files.begin(), files.end(), [](const TreeNode* a, const TreeNode* b) {
        return a->content->size > b->content->size;
    });
    std::string text = "<h2>Largest files</h2>\n<table><tr><th class=\"n\">Bytes<th>Layer<th>Path</tr>\n";
    for (std::size_t i = 0; i < std::min<std::size_t>(50, files.size()); ++i) {
        text += "<tr>" + cell(html_size(files[i]->content->size), "n") +
                cell(key_of(files[i]->content->layer)) + cell("/" + html_text(files[i]->path()), "path") +
                "</tr>\n";
    }
    return text + "</table>\n";
}

std::string history_table(const FoundImage& image) {
    std::string text = "<h2>History</h2>\n<table><tr><th>Layer<th>Created<th>By</tr>\n";
    for (const HistoryStep& step : steps_of({image.manifest, image.config})) {
        std::string by = "<code>" + html_text(step.text.created_by) + "</code>";
        if (!step.text.comment.empty()) by += "<br>" + html_text(step.text.comment);
        text += "<tr>" + cell(step.layer.has_value() ? key_of(*step.layer) : "&ndash;") +
                cell(html_text(step.text.created)) + cell(by) + "</tr>\n";
    }
    return text + "</table>\n";
}

}  // namespace

std::string html_report(const std::string& name, const FoundImage& image, const ImageTree& tree,
                        const ImageSummary& summary) {
    std::string page = page_start + header(name, image, summary) + layer_table(summary);
    page += "<h2>What a container sees, by path</h2>\n" + draw_map(map_of_paths(tree), map_width, map_height);
    page += "<h2>What is stored, by layer</h2>\n" + draw_map(map_of_layers(tree), map_width, map_height);
    page += hidden_table(summary) + largest_files(tree) + history_table(image);
    if (image.config.config.has_value()) {
        page += "<h2>Configuration</h2>\n<pre>" +
                html_text(oci::spec::write_json(*image.config.config, "    ")) + "</pre>\n";
    }
    return page + "</body></html>\n";
}

}  // namespace ocimg
