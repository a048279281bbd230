#include "runtime/cli/trace_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "runtime/cli/options.hpp"
#include "spec/json/writer.hpp"

namespace ocirun {

namespace {

constexpr std::array<Lane, lane_count> lanes = {Lane::host, Lane::intermediate, Lane::init};

std::string_view lane_name(Lane lane) {
    switch (lane) {
        case Lane::host:
            return "host";
        case Lane::intermediate:
            return "between";
        case Lane::init:
            return "init";
    }
    return "";
}

/// Nanoseconds as microseconds with one digit after the point.
std::string microseconds(std::int64_t nanoseconds) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(nanoseconds) / 1000);
    return text.data();
}

std::string right(const std::string& text, std::size_t width) {
    return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

std::string left(std::string_view text, std::size_t width) {
    return std::string(text) + std::string(width > text.size() ? width - text.size() : 0, ' ');
}

std::int64_t total_of(const std::vector<Phase>& phases, Lane lane) {
    std::int64_t total = 0;
    for (const Phase& phase : phases) {
        if (phase.lane == lane) total += phase.end - phase.begin;
    }
    return total;
}

bool is_used(const std::vector<Phase>& phases, Lane lane) {
    return std::any_of(phases.begin(), phases.end(), [&](const Phase& phase) { return phase.lane == lane; });
}

std::vector<Phase> by_start(std::vector<Phase> phases) {
    std::stable_sort(phases.begin(), phases.end(),
                     [](const Phase& one, const Phase& other) { return one.begin < other.begin; });
    return phases;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
    return out;
}

// --- the picture: lengths in pixels ---------------------------------------------------------------------

constexpr double picture_width = 1200;
constexpr double margin = 80;  // the names of the processes stand here
constexpr double row_height = 64;
constexpr double header = 40;
constexpr double box_height = 26;
constexpr double letter_width = 6.2;
constexpr std::array<const char*, 8> colours = {"#4e79a7", "#f28e2b", "#59a14f", "#b07aa1",
                                                "#e15759", "#76b7b2", "#9c755f", "#edc948"};

std::string pixels(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", value);
    return text.data();
}

std::string text_at(double x, double y, std::string_view text, std::string_view style = "") {
    return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\"" + std::string(style) + ">" +
           escaped(text) + "</text>\n";
}

std::string box_of(const Phase& phase, double y, double scale, const char* colour) {
    const double x = margin + static_cast<double>(phase.begin) * scale;
    const double width = std::max(static_cast<double>(phase.end - phase.begin) * scale, 0.5);
    std::string text = "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" width=\"" + pixels(width) +
                       "\" height=\"" + pixels(box_height) + "\" fill=\"" + colour + "\"><title>" +
                       escaped(phase.name) + ": " + microseconds(phase.end - phase.begin) +
                       " µs</title></rect>\n";
    // A name that does not fit is shown when the pointer rests on its box.
    if (static_cast<double>(phase.name.size()) * letter_width < width - 4)
        text += text_at(x + 3, y + 17, phase.name, " fill=\"#fff\"");
    return text;
}

std::string time_axis(double scale, std::int64_t end, double bottom) {
    constexpr int ticks = 10;
    std::string text;
    for (int tick = 0; tick <= ticks; ++tick) {
        const std::int64_t time = end * tick / ticks;
        const double x = margin + static_cast<double>(time) * scale;
        text += "<line x1=\"" + pixels(x) + "\" y1=\"" + pixels(header) + "\" x2=\"" + pixels(x) +
                "\" y2=\"" + pixels(bottom) + "\" stroke=\"#ddd\"/>\n" +
                text_at(x, bottom + 14, microseconds(time) + " µs", " text-anchor=\"middle\" fill=\"#666\"");
    }
    return text;
}

}  // namespace

std::string phases_as_text(const std::vector<Phase>& phases) {
    std::string text =
        left("process", 9) + left("phase", 48) + right("start us", 12) + right("time us", 12) + "\n";
    for (const Phase& phase : by_start(phases)) {
        text += left(lane_name(phase.lane), 9) + left(phase.name, 48) + right(microseconds(phase.begin), 12) +
                right(microseconds(phase.end - phase.begin), 12) + "\n";
    }
    for (const Lane lane : lanes) {
        if (!is_used(phases, lane)) continue;
        text += left(lane_name(lane), 9) + left("all of it", 48) + right("", 12) +
                right(microseconds(total_of(phases, lane)), 12) + "\n";
    }
    return text;
}

std::string phases_as_json(const std::vector<Phase>& phases, std::string_view command) {
    oci::spec::JsonWriter out;
    out.begin_object();
    out.key("command");
    out.string(command);
    out.key("unit");
    out.string("us");
    out.key("phases");
    out.begin_array();
    for (const Phase& phase : by_start(phases)) {
        out.begin_object();
        out.key("process");
        out.string(lane_name(phase.lane));
        out.key("name");
        out.string(phase.name);
        out.key("start");
        out.raw(microseconds(phase.begin));
        out.key("duration");
        out.raw(microseconds(phase.end - phase.begin));
        out.end_object();
    }
    out.end_array();
    out.key("total");
    out.begin_object();
    for (const Lane lane : lanes) {
        if (!is_used(phases, lane)) continue;
        out.key(lane_name(lane));
        out.raw(microseconds(total_of(phases, lane)));
    }
    out.end_object();
    out.end_object();
    return out.take() + "\n";
}

std::string phases_as_svg(const std::vector<Phase>& phases, std::string_view command) {
    std::int64_t end = 1;
    for (const Phase& phase : phases) end = std::max(end, phase.end);
    const double scale = (picture_width - margin - 40) / static_cast<double>(end);
    std::string rows;
    double y = header + 8;
    for (const Lane lane : lanes) {
        if (!is_used(phases, lane)) continue;
        rows += text_at(8, y + 17, lane_name(lane));
        std::size_t number = 0;
        for (const Phase& phase : phases) {
            if (phase.lane == lane) rows += box_of(phase, y, scale, colours[number++ % colours.size()]);
        }
        y += row_height;
    }
    const std::string size = "width=\"" + pixels(picture_width) + "\" height=\"" + pixels(y + 24) + "\"";
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" " + size +
           " font-family=\"sans-serif\" font-size=\"11\">\n<rect " + size + " fill=\"#fff\"/>\n" +
           text_at(8, 20, "ocirun " + std::string(command) + ": " + microseconds(end) + " µs",
                   " font-size=\"14\"") +
           time_axis(scale, end, y) + rows + "</svg>\n";
}

std::vector<oci::cli::Option> trace_options() {
    std::vector<oci::cli::Option> options = {
        flag("trace-phases", "print how long each phase took, in every process, on standard error"),
        value("trace-format", "FORMAT", "of --trace-phases: text or json", "", oci::cli::Completes::words),
        value("trace-svg", "FILE", "draw the phases of every process as a timeline into this file", "",
              oci::cli::Completes::files)};
    options[1].words = {"text", "json"};
    return options;
}

}  // namespace ocirun
