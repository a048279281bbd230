#include "imagetool/look/treemap.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace ocimg {

namespace {

/// The worst ratio of sides of a row of areas laid along `side`.
double worst_ratio(double smallest, double largest, double sum, double side) {
    const double square = side * side;
    return std::max(square * largest / (sum * sum), sum * sum / (square * smallest));
}

/// Lays one row along the shorter side of `rest`, which becomes what is left.
void lay_row(const std::vector<double>& areas, std::size_t begin, std::size_t end, double sum,
             Rectangle& rest, std::vector<Rectangle>& rectangles) {
    const bool upright = rest.width >= rest.height;
    const double side = upright ? rest.height : rest.width;
    const double thickness = side > 0 ? sum / side : 0;
    double place = upright ? rest.y : rest.x;
    for (std::size_t i = begin; i < end; ++i) {
        const double length = thickness > 0 ? areas[i] / thickness : 0;
        rectangles.push_back(upright ? Rectangle{rest.x, place, thickness, length}
                                     : Rectangle{place, rest.y, length, thickness});
        place += length;
    }
    if (upright) {
        rest.x += thickness;
        rest.width = std::max(0.0, rest.width - thickness);
    } else {
        rest.y += thickness;
        rest.height = std::max(0.0, rest.height - thickness);
    }
}

using Seen = std::set<const FileContent*>;

/// The part of a tree whose contents a layer holds; without a layer all of it.
MapNode map_of(const TreeNode& node, std::optional<std::size_t> layer, Seen& seen) {
    MapNode map{.name = node.entry.name, .layer = node.layer};
    if (node.content != nullptr && (!layer.has_value() || node.content->layer == *layer) &&
        seen.insert(node.content.get()).second) {
        map.size = node.content->size;
        map.layer = node.content->layer;
    }
    for (const auto& [name, child] : node.children) {
        MapNode part = map_of(*child, layer, seen);
        if (part.size == 0) continue;
        map.size += part.size;
        map.parts.push_back(std::move(part));
    }
    std::stable_sort(map.parts.begin(), map.parts.end(),
                     [](const MapNode& a, const MapNode& b) { return a.size > b.size; });
    return map;
}

}  // namespace

std::vector<Rectangle> squarify(const std::vector<double>& sizes, const Rectangle& area) {
    double total = 0;
    for (const double size : sizes) total += size;
    std::vector<double> areas;
    areas.reserve(sizes.size());
    for (const double size : sizes) areas.push_back(size * (area.width * area.height) / total);
    std::vector<Rectangle> rectangles;
    Rectangle rest = area;
    std::size_t begin = 0;
    while (begin < areas.size()) {
        const double side = std::min(rest.width, rest.height);
        double sum = areas[begin];
        std::size_t end = begin + 1;
        double ratio = worst_ratio(areas[begin], areas[begin], sum, side);
        for (; end < areas.size(); ++end) {
            const double next = worst_ratio(areas[end], areas[begin], sum + areas[end], side);
            if (next > ratio) break;
            ratio = next;
            sum += areas[end];
        }
        lay_row(areas, begin, end, sum, rest, rectangles);
        begin = end;
    }
    return rectangles;
}

MapNode map_of_paths(const ImageTree& tree) {
    Seen seen;
    return map_of(tree.root(), std::nullopt, seen);
}

MapNode map_of_layers(const ImageTree& tree) {
    MapNode all;
    for (std::size_t layer = 0; layer < tree.layers().size(); ++layer) {
        Seen seen;
        MapNode one = map_of(tree.root(), layer, seen);
        one.name = "layer " + std::to_string(layer);
        one.layer = layer;
        const std::uint64_t hidden = tree.layers()[layer].hidden_bytes;
        if (hidden > 0) {
            one.parts.push_back({.name = "(hidden by other layers)",
                                 .size = hidden,
                                 .layer = layer,
                                 .hidden = true,
                                 .parts = {}});
            one.size += hidden;
        }
        std::stable_sort(one.parts.begin(), one.parts.end(),
                         [](const MapNode& a, const MapNode& b) { return a.size > b.size; });
        all.size += one.size;
        if (one.size > 0) all.parts.push_back(std::move(one));
    }
    std::stable_sort(all.parts.begin(), all.parts.end(),
                     [](const MapNode& a, const MapNode& b) { return a.size > b.size; });
    return all;
}

std::string layer_colour(std::size_t layer) {
    // Steps of the golden angle: neighbours differ, and many layers stay apart.
    return "hsl(" + std::to_string((210 + layer * 137) % 360) + " 55% 62%)";
}

}  // namespace ocimg
