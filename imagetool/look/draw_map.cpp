#include <cmath>

#include "imagetool/look/html.hpp"
#include "imagetool/look/treemap.hpp"

// Treemaps as SVG.

namespace ocimg {

namespace {

constexpr double least_side = 3;      // smaller rectangles say nothing
constexpr double heading = 15;        // above the parts of a directory
constexpr double letter_width = 6.2;  // of the font below, on the safe side
constexpr std::size_t most_rectangles = 6000;
constexpr int deepest_part = 12;

std::string number(double value) {
    const auto tenths = static_cast<std::int64_t>(std::lround(value * 10));
    return std::to_string(tenths / 10) + "." + std::to_string(std::abs(tenths % 10));
}

std::string attributes(const Rectangle& place) {
    return " x=\"" + number(place.x) + "\" y=\"" + number(place.y) + "\" width=\"" + number(place.width) +
           "\" height=\"" + number(place.height) + "\"";
}

class Drawing {
public:
    void draw(const MapNode& node, const Rectangle& place, const std::string& path, int depth) {
        if (place.width < least_side || place.height < least_side || ++drawn_ > most_rectangles) return;
        text += "<g><title>" + html_text(path.empty() ? "/" : path) + " (" + html_size(node.size) +
                ", layer " + std::to_string(node.layer) + ")</title><rect" + attributes(place) + " fill=\"" +
                (node.hidden ? std::string("url(#hidden)") : layer_colour(node.layer)) + "\"" +
                (node.parts.empty() ? "" : " fill-opacity=\".35\"") + "/>";
        const bool named = draw_name(node, place);
        text += "</g>";
        if (!node.parts.empty() && depth < deepest_part) draw_parts(node, place, named, path, depth);
    }

    std::string text;

private:
    /// The name in the upper left corner, when at least three letters of it fit.
    bool draw_name(const MapNode& node, const Rectangle& place) {
        if (place.height < heading + 2) return false;
        const auto room = static_cast<std::size_t>(std::max(0.0, (place.width - 6) / letter_width));
        if (room < 3 || node.name.empty()) return false;
        std::string name = node.name;
        if (name.size() > room) name = name.substr(0, room - 1) + "\xe2\x80\xa6";
        text += "<text x=\"" + number(place.x + 3) + "\" y=\"" + number(place.y + 11) + "\">" +
                html_text(name) + "</text>";
        return true;
    }

    void draw_parts(const MapNode& node, const Rectangle& place, bool named, const std::string& path,
                    int depth) {
        const double top = named ? heading : 2;
        const Rectangle inside{place.x + 2, place.y + top, place.width - 4, place.height - top - 2};
        if (inside.width < least_side || inside.height < least_side) return;
        std::vector<double> sizes;
        for (const MapNode& part : node.parts) sizes.push_back(static_cast<double>(part.size));
        const std::vector<Rectangle> places = squarify(sizes, inside);
        for (std::size_t i = 0; i < places.size(); ++i) {
            draw(node.parts[i], places[i], path + "/" + node.parts[i].name, depth + 1);
        }
    }

    std::size_t drawn_ = 0;
};

}  // namespace

std::string draw_map(const MapNode& map, double width, double height) {
    if (map.size == 0) return "<p>There are no contents.</p>\n";
    Drawing drawing;
    drawing.draw(map, {0, 0, width, height}, "", 0);
    return "<svg viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" role=\"img\"><defs><pattern id=\"hidden\" width=\"6\" height=\"6\" "
           "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" "
           "fill=\"#d33\"/><rect width=\"3\" height=\"6\" fill=\"#f88\"/></pattern></defs>" +
           drawing.text + "</svg>\n";
}

}  // namespace ocimg
