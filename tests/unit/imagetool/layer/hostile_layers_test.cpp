#include "tests/unit/imagetool/layer/hostile_layers.hpp"

namespace ocimg::test {

using namespace std::string_literals;

namespace {

std::string in_root(const std::string& absolute) {
    return absolute.substr(1);
}
std::string nothing(const std::string&) {
    return "";
}

}  // namespace

Archive every_kind_at(Archive archive, const std::string& at) {
    archive.file(at + "/file", "escaped")
        .directory(at + "/made")
        .symlink(at + "/link", "x")
        .fifo(at + "/pipe");
    return archive.device(at + "/node", 1, 3).file(at + "/secret", "overwritten").file(at + "/.wh.directory");
}

std::vector<Hostile> hostile_names() {
    return {
        {"absolute_name", [](const std::string& c) { return Archive().file(c + "/secret", "x"); }, "",
         [](const std::string& c) { return in_root(c) + "/secret"; }},
        {"double_slash_name", [](const std::string& c) { return Archive().file("/" + c + "/secret", "x"); },
         "", [](const std::string& c) { return in_root(c) + "/secret"; }},
        {"parent_name", [](const std::string&) { return Archive().file("../canary/secret", "x"); }, "",
         [](const std::string&) { return "canary/secret"; }},
        {"deep_parent_name", [](const std::string&) { return Archive().file("a/../../canary/secret", "x"); },
         "", [](const std::string&) { return "canary/secret"; }},
        {"dots_in_the_middle",
         [](const std::string&) { return Archive().file("a/b/./../../../../canary/secret", "x"); }, "",
         [](const std::string&) { return "canary/secret"; }},
        {"parent_name_in_pax",
         [](const std::string&) {
             return Archive().pax(pax_record("path", "../../canary/secret")).file("x", "x");
         },
         "", [](const std::string&) { return "canary/secret"; }},
        {"parent_name_in_gnu_long_name",
         [](const std::string&) { return Archive().gnu_long('L', "../canary/secret").file("x", "x"); }, "",
         [](const std::string&) { return "canary/secret"; }},
        {"parent_directory_entry",
         [](const std::string&) { return Archive().directory("../canary", 0777, 5); }, "",
         [](const std::string&) { return "canary"; }},
        {"parent_symlink_entry", [](const std::string& c) { return Archive().symlink("../canary", c); }, "",
         [](const std::string&) { return "canary"; }},
        {"dotdot_itself_as_directory",
         [](const std::string&) { return Archive().directory("..", 0777, 5).directory("../..", 0777, 5); },
         "", nothing},
        {"dotdot_itself_as_link", [](const std::string& c) { return Archive().symlink("..", c); },
         "root can only be a directory", nothing},
        {"empty_name", [](const std::string&) { return Archive().file("", "x"); }, "empty name", nothing},
        {"nul_in_name",
         [](const std::string&) { return Archive().pax(pax_record("path", "a\0/../../canary"s)).file("x"); },
         "NUL", nothing},
        {"component_of_256_bytes",
         [](const std::string&) {
             return Archive().pax(pax_record("path", std::string(256, 'n'))).file("x");
         },
         "name too long", nothing},
        {"path_of_4096_bytes",
         [](const std::string&) {
             return Archive()
                 .pax(pax_record("path", std::string(2048, '/') + std::string(2048, 'n')))
                 .file("x");
         },
         "4095", nothing},
        {"proc_self_name",
         [](const std::string&) { return Archive().file("proc/self/root/../canary/x", "x"); }, "",
         [](const std::string&) { return "proc/self/canary/x"; }},
    };
}

std::vector<Hostile> hostile_roots() {
    std::vector<Hostile> cases;
    for (const char* name : {".", "./", "/", "a/..", "//", "./."}) {
        cases.push_back({"root_as_symlink",
                         [name](const std::string& c) { return Archive().symlink(name, c); },
                         "root can only be a directory", nothing});
        cases.push_back({"root_as_file", [name](const std::string&) { return Archive().file(name, "x"); },
                         "root can only be a directory", nothing});
        cases.push_back({"root_as_hardlink",
                         [name](const std::string& c) { return Archive().hardlink(name, c + "/secret"); },
                         "root can only be a directory", nothing});
    }
    return cases;
}

std::vector<Hostile> hostile_parents() {
    return {
        {"link_to_absolute",
         [](const std::string& c) { return every_kind_at(Archive().symlink("l", c), "l"); }, "",
         [](const std::string& c) { return in_root(c) + "/node"; }},
        {"link_to_relative",
         [](const std::string&) { return every_kind_at(Archive().symlink("l", "../canary"), "l"); }, "",
         [](const std::string&) { return "canary/node"; }},
        {"link_to_dotdot",
         [](const std::string&) { return every_kind_at(Archive().symlink("l", ".."), "l/canary"); }, "",
         [](const std::string&) { return "canary/node"; }},
        {"link_to_many_dotdots",
         [](const std::string& c) {
             return every_kind_at(Archive().symlink("l", "../../../../../../../.." + c), "l");
         },
         "", [](const std::string& c) { return in_root(c) + "/node"; }},
        {"link_to_root",
         [](const std::string& c) { return every_kind_at(Archive().symlink("l", "/"), "l" + c); }, "",
         [](const std::string& c) { return in_root(c) + "/node"; }},
        {"nested_links",
         [](const std::string& c) {
             return every_kind_at(
                 Archive().directory("d").symlink("d/l", "..").symlink("d/l/m", c).symlink("n", "d/l/m"),
                 "n");
         },
         "", [](const std::string& c) { return in_root(c) + "/node"; }},
        {"link_chain_up",
         [](const std::string&) {
             return every_kind_at(
                 Archive().symlink("a", "..").symlink("b", "a/..").symlink("c", "b/../canary"), "c");
         },
         "", [](const std::string&) { return "canary/node"; }},
        {"link_inside_directory_up",
         [](const std::string&) {
             return every_kind_at(Archive().directory("d/e").symlink("d/e/l", "../../../canary"), "d/e/l");
         },
         "", [](const std::string&) { return "canary/node"; }},
        {"link_to_magic_link",
         [](const std::string&) {
             return every_kind_at(Archive().symlink("l", "/proc/self/root"), "l/canary");
         },
         "", [](const std::string&) { return "proc/self/root/canary/node"; }},
        {"link_to_proc_cwd",
         [](const std::string&) { return every_kind_at(Archive().symlink("l", "/proc/self/cwd"), "l"); }, "",
         [](const std::string&) { return "proc/self/cwd/node"; }},
        {"directory_becomes_link",
         [](const std::string& c) {
             return every_kind_at(Archive().directory("a").file("a/1", "x").symlink("a", c), "a");
         },
         "", [](const std::string& c) { return in_root(c) + "/node"; }},
        {"directory_becomes_link_by_whiteout_of_its_parent",
         [](const std::string& c) {
             return every_kind_at(Archive().file("p/a/1", "x").file(".wh.p").symlink("p", c), "p");
         },
         "", [](const std::string& c) { return in_root(c) + "/node"; }},
        {"link_loop",
         [](const std::string&) { return Archive().symlink("a", "b").symlink("b", "a").file("a/x"); },
         "too many levels", nothing},
        {"link_that_grows",
         [](const std::string&) { return Archive().symlink("a", "a/b/c/d/e/f").file("a/x"); }, "resolve link",
         nothing},
        {"file_as_parent",
         [](const std::string&) {
             return Archive().file("f", "x").file("f/../../canary/y").file("f/y", "y");
         },
         "", [](const std::string&) { return "f/y"; }},
        {"fifo_as_parent", [](const std::string&) { return Archive().fifo("f").file("f/y", "y"); }, "",
         [](const std::string&) { return "f/y"; }},
    };
}

std::vector<Hostile> hostile_finals() {
    return {
        {"file_over_link",
         [](const std::string& c) { return Archive().symlink("l", c + "/secret").file("l", "x"); }, "",
         [](const std::string&) { return "l"; }},
        {"directory_over_link",
         [](const std::string& c) { return Archive().symlink("l", c).directory("l", 0777, 5); }, "",
         [](const std::string&) { return "l"; }},
        {"fifo_over_link",
         [](const std::string& c) { return Archive().symlink("l", c + "/secret").fifo("l", 0777); }, "",
         [](const std::string&) { return "l"; }},
        {"device_over_link",
         [](const std::string& c) { return Archive().symlink("l", c + "/secret").device("l", 1, 3); }, "",
         [](const std::string&) { return "l"; }},
        {"link_owner_and_time",
         [](const std::string& c) {
             return Archive().add({.name = "l",
                                   .type = '2',
                                   .link = c + "/secret",
                                   .mode = 06777,
                                   .uid = 9,
                                   .gid = 9,
                                   .mtime = 5});
         },
         "", nothing},
        {"link_xattr",
         [](const std::string& c) {
             return Archive().pax(pax_record("SCHILY.xattr.trusted.x", "y")).symlink("l", c + "/secret");
         },
         "", nothing},
        {"hardlink_to_absolute", [](const std::string& c) { return Archive().hardlink("h", c + "/secret"); },
         "not in the root file system", nothing},
        {"hardlink_to_parent", [](const std::string&) { return Archive().hardlink("h", "../canary/secret"); },
         "not in the root file system", nothing},
        {"hardlink_to_name_in_working_directory",
         [](const std::string&) { return Archive().hardlink("h", "apply_hostile_test.cpp"); },
         "not in the root file system", nothing},
        {"hardlink_through_link",
         [](const std::string& c) { return Archive().symlink("l", c).hardlink("h", "l/secret"); },
         "not in the root file system", nothing},
        {"hardlink_through_relative_link",
         [](const std::string&) { return Archive().symlink("l", "../canary").hardlink("h", "l/secret"); },
         "not in the root file system", nothing},
        {"hardlink_to_link_then_written",
         [](const std::string& c) {
             return Archive()
                 .symlink("l", c + "/secret")
                 .hardlink("h", "l")
                 .add({.name = "h", .mode = 0777, .uid = 9}, "x");
         },
         "", [](const std::string&) { return "h"; }},
        {"hardlink_to_link_same_attributes",
         [](const std::string& c) {
             return Archive()
                 .symlink("l", c + "/secret")
                 .add({.name = "h", .type = '1', .link = "l", .mode = 0777, .uid = 9, .mtime = 5});
         },
         "", nothing},
        {"hardlink_to_directory",
         [](const std::string&) { return Archive().directory("d").hardlink("h", "d"); }, "it is a directory",
         nothing},
        {"hardlink_to_root", [](const std::string&) { return Archive().hardlink("h", "/"); },
         "it is the root directory", nothing},
        {"hardlink_without_target", [](const std::string&) { return Archive().hardlink("h", ""); },
         "no target", nothing},
        {"hardlink_inside_what_it_replaces",
         [](const std::string&) { return Archive().file("a/x").hardlink("a", "a/x"); }, "hard link", nothing},
        {"device_replaced_by_file",
         [](const std::string&) { return Archive().device("d", 1, 3).file("d", "x"); }, "",
         [](const std::string&) { return "d"; }},
        {"overlay_whiteout_device", [](const std::string&) { return Archive().device("d", 0, 0); }, "0:0",
         nothing},
        {"directory_tree_replaced_by_link",
         [](const std::string& c) { return Archive().file("d/e/f").symlink("d/e/up", c).symlink("d", c); },
         "", nothing},
    };
}

std::vector<Hostile> hostile_whiteouts() {
    return {
        {"whiteout_of_absolute", [](const std::string& c) { return Archive().file(c + "/.wh.secret"); }, "",
         nothing},
        {"whiteout_of_parent_name", [](const std::string&) { return Archive().file("../canary/.wh.secret"); },
         "", nothing},
        {"whiteout_through_link",
         [](const std::string& c) {
             return Archive().symlink("l", c).file("l/.wh.secret").file("l/.wh.directory");
         },
         "", nothing},
        {"whiteout_through_relative_link",
         [](const std::string&) { return Archive().symlink("l", "../canary").file("l/.wh.secret"); }, "",
         nothing},
        {"whiteout_of_dot", [](const std::string&) { return Archive().file("a/.wh.."); },
         "does not name a file", nothing},
        {"whiteout_of_dotdot", [](const std::string&) { return Archive().file(".wh..."); },
         "does not name a file", nothing},
        {"whiteout_of_nothing", [](const std::string&) { return Archive().file(".wh."); },
         "does not name a file", nothing},
        {"entry_below_a_whiteout",
         [](const std::string&) { return Archive().file(".wh../../canary/secret").file(".wh.x/y"); },
         "below a whiteout", nothing},
        {"opaque_of_parent",
         [](const std::string&) { return Archive().file("../.wh..wh..opq").file("../canary/.wh..wh..opq"); },
         "", nothing},
        {"opaque_through_link",
         [](const std::string& c) { return Archive().symlink("l", c).file("l/.wh..wh..opq"); }, "", nothing},
        {"opaque_through_relative_link",
         [](const std::string&) { return Archive().symlink("l", "../canary").file("l/.wh..wh..opq"); }, "",
         nothing},
        {"opaque_directory_that_holds_a_link",
         [](const std::string& c) { return Archive().symlink("d/l", c).file("d/.wh..wh..opq"); }, "",
         nothing},
    };
}

std::vector<Hostile> hostile_archives() {
    return {
        {"huge_pax_header",
         [](const std::string&) {
             return Archive().raw(header_block({.name = "x", .type = 'x', .size = 8ULL << 30U}));
         },
         "exceeds 1 MiB", nothing},
        {"huge_long_name",
         [](const std::string&) {
             return Archive().raw(header_block({.name = "x", .type = 'L', .size = 8ULL << 30U, .gnu = true}));
         },
         "exceeds 1 MiB", nothing},
        {"huge_file_without_content",
         [](const std::string&) { return Archive().raw(header_block({.name = "x", .size = 8ULL << 30U})); },
         "ends inside", nothing},
        {"sparse_file_of_8_exbibytes",
         [](const std::string&) {
             return Archive()
                 .pax(pax_record("GNU.sparse.size", "9223372036854775807") +
                      pax_record("GNU.sparse.map", "0,1"))
                 .file("s", "x");
         },
         "", nothing},
        {"negative_owner",
         [](const std::string&) { return Archive().pax(pax_record("uid", "-1")).file("x"); }, "uid -1",
         nothing},
        {"unchanged_owner",
         [](const std::string&) { return Archive().pax(pax_record("gid", "4294967295")).file("x"); },
         "gid 4294967295", nothing},
        {"negative_size",
         [](const std::string&) { return Archive().pax(pax_record("size", "-512")).file("x"); }, "negative",
         nothing},
        {"bad_checksum", [](const std::string&) { return Archive().raw(std::string(512, 'x')); }, "checksum",
         nothing},
        {"truncated_header",
         [](const std::string&) {
             return Archive().raw(header_block({.name = "x", .size = 1024}) + std::string(100, 'x'));
         },
         "ends inside", nothing},
        {"unknown_type", [](const std::string&) { return Archive().add({.name = "x", .type = 'Q'}); },
         "unknown type", nothing},
    };
}

}  // namespace ocimg::test
