#include "imagetool/remote/registries_conf.hpp"

#include <gmock/gmock.h>

#include "imagetool/remote/toml.hpp"

namespace ocimg {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<std::string> endpoints(const RegistriesConf& conf, const char* name, bool writing = false) {
    std::vector<std::string> texts;
    const auto planned = plan_endpoints(conf, oci::spec::parse_reference(name).value(), writing).value();
    for (const auto& endpoint : planned) {
        texts.push_back(endpoint.registry + "/" + endpoint.repository +
                        (endpoint.insecure ? " insecure" : ""));
    }
    return texts;
}
RegistriesConf conf_of(const char* text) {
    return parse_registries_conf(text, "registries.conf").value();
}
using Texts = std::vector<std::string>;

TEST(Toml, tables_arrays_and_strings) {
    const TomlValue root = parse_toml(
                               "a = \"b\\\"c\" # comment\nd.e = 'x\\'\n[t]\nn = -3\n[[l]]\nv = [ \"1\", # "
                               "one\n \"2\", ]\n[[l]]\n[l.in]\nx = { y = true }\n",
                               "f")
                               .value();
    EXPECT_EQ(root.table.at("a").string, "b\"c");
    EXPECT_EQ(root.table.at("d").table.at("e").string, "x\\");
    EXPECT_EQ(root.table.at("t").table.at("n").integer, -3);
    EXPECT_THAT(root.table.at("l").array, SizeIs(2));
    EXPECT_THAT(root.table.at("l").array[0].table.at("v").array, SizeIs(2));
    EXPECT_TRUE(root.table.at("l").array[1].table.at("in").table.at("x").table.at("y").boolean);
}

TEST(Toml, errors_name_the_line) {
    EXPECT_THAT(parse_toml("a = 1\nb = \n", "f").error().text, HasSubstr("f:2: "));
    for (const char* const text : {"a", "a = ", "a = \"x", "a = 1 b = 2", "[a", "[[a]", "a = 1\na = 2",
                                   "a = [1", "a = {b = 1", "a = 1.5", "a = 1979-05-27", "a = \"\"\"x\"\"\"",
                                   "= 1", "a = 1\n[a]", "a = [1]\n[[a]]", "a = \"\\q\""}) {
        EXPECT_FALSE(parse_toml(text, "f").has_value()) << text;
    }
    EXPECT_FALSE(parse_toml("a = " + std::string(10000, '['), "f").has_value());
}

TEST(RegistriesConf, without_a_rule_a_name_means_itself) {
    EXPECT_EQ(endpoints({}, "q.io/a/b:1"), (Texts{"q.io/a/b"}));
}

TEST(RegistriesConf, the_longest_prefix_decides) {
    const RegistriesConf conf = conf_of(R"(
[[registry]]
location = "q.io"
insecure = true
[[registry]]
prefix = "q.io/team"
location = "other.io:5000/x"
[[registry]]
prefix = "*.example.com"
blocked = true
)");
    EXPECT_EQ(endpoints(conf, "q.io/a"), (Texts{"q.io/a insecure"}));
    EXPECT_EQ(endpoints(conf, "q.io/team/app"), (Texts{"other.io:5000/x/app"}));
    EXPECT_EQ(endpoints(conf, "q.io/teams/app"), (Texts{"q.io/teams/app insecure"}));
    EXPECT_EQ(endpoints(conf, "q.io.evil/a"), (Texts{"q.io.evil/a"}));
    EXPECT_THAT(
        plan_endpoints(conf, oci::spec::parse_reference("a.b.example.com/x").value(), false).error().text,
        HasSubstr("blocks"));
    EXPECT_EQ(endpoints(conf, "example.com/x"), (Texts{"example.com/x"}));
}

TEST(RegistriesConf, mirrors_come_first_and_only_for_reading) {
    const RegistriesConf conf = conf_of(R"(
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "m1:5000/hub"
insecure = true
[[registry.mirror]]
location = "m2"
pull-from-mirror = "digest-only"
)");
    EXPECT_EQ(endpoints(conf, "debian:12"),
              (Texts{"m1:5000/hub/library/debian insecure", "docker.io/library/debian"}));
    const std::string digest = "sha256:" + std::string(64, 'a');
    EXPECT_EQ(
        endpoints(conf, ("debian@" + digest).c_str()),
        (Texts{"m1:5000/hub/library/debian insecure", "m2/library/debian", "docker.io/library/debian"}));
    EXPECT_EQ(endpoints(conf, "debian:12", true), (Texts{"docker.io/library/debian"}));
}

TEST(RegistriesConf, wrong_types_are_named) {
    EXPECT_THAT(
        parse_registries_conf("\n[[registry]]\nlocation = \"a\"\ninsecure = \"yes\"\n", "f").error().text,
        HasSubstr("f:4: insecure: expected true or false"));
    EXPECT_FALSE(parse_registries_conf("[registries.search]\nregistries = []\n", "f").has_value());
    EXPECT_FALSE(parse_registries_conf("[[registry]]\nblocked = true\n", "f").has_value());
}

Texts references(const RegistriesConf& conf, const char* name) {
    Texts texts;
    const auto planned = plan_references(conf, name).value();
    for (const auto& reference : planned) texts.push_back(reference.text());
    return texts;
}

TEST(RegistriesConf, short_names) {
    const RegistriesConf conf = conf_of(
        "unqualified-search-registries = [\"q.io\", \"docker.io\"]\n[aliases]\ndebian = "
        "\"docker.io/library/debian\"\n");
    EXPECT_EQ(references({}, "debian:12"), (Texts{"docker.io/library/debian:12"}));
    EXPECT_EQ(references(conf, "debian:12"), (Texts{"docker.io/library/debian:12"}));
    EXPECT_EQ(references(conf, "app:1"), (Texts{"q.io/app:1", "docker.io/library/app:1"}));
    EXPECT_EQ(references(conf, "x.io/app:1"), (Texts{"x.io/app:1"}));
    EXPECT_EQ(references(conf, "localhost:5000/app"), (Texts{"localhost:5000/app"}));
}

TEST(RegistriesConf, enforcing_means_that_a_short_name_is_not_guessed) {
    const char* const two =
        "short-name-mode = \"enforcing\"\nunqualified-search-registries = [\"q.io\", \"r.io\"]\n"
        "[aliases]\ndebian = \"docker.io/library/debian\"\n";
    const RegistriesConf conf = conf_of(two);
    EXPECT_THAT(plan_references(conf, "app:1").error().text,
                HasSubstr("may be one of q.io/app:1, r.io/app:1"));
    EXPECT_EQ(references(conf, "debian:12"), (Texts{"docker.io/library/debian:12"}));
    EXPECT_EQ(references(conf, "x.io/app:1"), (Texts{"x.io/app:1"}));
    RegistriesConf lenient = conf;
    merge_registries_conf(lenient, conf_of("short-name-mode = \"permissive\"\n"));
    EXPECT_THAT(references(lenient, "app:1"), SizeIs(2));
    RegistriesConf one = conf;
    merge_registries_conf(one, conf_of("unqualified-search-registries = [\"q.io\"]\n"));
    EXPECT_EQ(references(one, "app:1"), (Texts{"q.io/app:1"}));
    EXPECT_THAT(
        parse_registries_conf("short-name-mode = \"strict\"\n", "f").error().text,
        HasSubstr("f:1: short-name-mode: expected enforcing, permissive or disabled, found \"strict\""));
}

TEST(RegistriesConf, a_later_file_wins) {
    RegistriesConf conf = conf_of("[[registry]]\nlocation = \"a\"\n[aliases]\nx = \"a/x\"\n");
    merge_registries_conf(conf,
                          conf_of("[[registry]]\nlocation = \"a\"\ninsecure = true\n[aliases]\nx = \"\"\n"));
    EXPECT_EQ(endpoints(conf, "a.io/x"), (Texts{"a.io/x"}));
    ASSERT_THAT(conf.rules, SizeIs(1));
    EXPECT_TRUE(conf.rules[0].insecure);
    EXPECT_TRUE(conf.aliases.empty());
}

}  // namespace
}  // namespace ocimg
