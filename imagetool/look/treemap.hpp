#pragma once
// Treemaps: sizes as nested rectangles. Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "imagetool/look/image_tree.hpp"

namespace ocimg {

struct Rectangle {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
};

/// Divides `area` into one rectangle for each size, as square as can be (Bruls, Huizing, van Wijk: Squarified
/// Treemaps). The sizes are positive and descend.
std::vector<Rectangle> squarify(const std::vector<double>& sizes, const Rectangle& area);

/// Something with a size and parts. Parts descend by size; those without size are left out.
struct MapNode {
    std::string name;
    std::uint64_t size = 0;
    std::size_t layer = 0;
    bool hidden = false;  // bytes that another layer hides
    std::vector<MapNode> parts;
};

/// The contents of the final image by path; a file with several names counts once.
MapNode map_of_paths(const ImageTree& tree);
/// The contents of every layer: what is seen of it by path, and what others hide.
MapNode map_of_layers(const ImageTree& tree);

/// The map as SVG: nested rectangles in the colours of their layers, with names where there is room and
/// path and size as tooltips. Names are escaped.
std::string draw_map(const MapNode& map, double width, double height);

/// The colour of a layer: "hsl(210 55% 60%)".
std::string layer_colour(std::size_t layer);

}  // namespace ocimg
