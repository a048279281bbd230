#include "runtime/cgroup/dbus_message.hpp"

#include <algorithm>
#include <random>

#include "runtime/cgroup/dbus_connection.hpp"
#include "runtime/cgroup/systemd_bus.hpp"
#include "tests/support/result_matchers.hpp"

namespace ocirun {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;
using testing::ElementsAre;

DbusMessage a_call() {
    return {.serial = 7,
            .path = "/org/freedesktop/systemd1",
            .interface = "org.freedesktop.systemd1.Manager",
            .member = "StartTransientUnit",
            .destination = "org.freedesktop.systemd1",
            .body = {bus_text("a.scope"),
                     bus_flag(true),
                     bus_uint64(5),
                     {.signature = "i", .number = ~std::uint64_t{0}},
                     {.signature = "y", .number = 3},
                     {.signature = "n", .number = static_cast<std::uint64_t>(-2)},
                     bus_array("(sv)",
                               {bus_struct({bus_text("PIDs"), bus_variant(bus_array("u", {bus_uint32(1)}))}),
                                bus_struct({bus_text("x"), bus_variant(bus_bytes("ab"))})}),
                     bus_array("(sa(sv))", {}),
                     {.signature = "g", .text = "a{sv}"},
                     bus_array("t", {bus_uint64(1)})}};
}

TEST(DbusMessage, comes_back_as_it_went) {
    const DbusMessage sent = a_call();
    const std::string bytes = encode_dbus(sent);
    EXPECT_EQ(dbus_size(bytes.substr(0, 16)).value(), bytes.size());
    EXPECT_EQ(dbus_size(bytes.substr(0, 15)).value(), std::nullopt);
    const auto got = decode_dbus(bytes);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->serial, 7U);
    EXPECT_EQ(got->member, sent.member);
    EXPECT_EQ(got->path, sent.path);
    EXPECT_EQ(got->destination, sent.destination);
    EXPECT_EQ(got->body, sent.body);
}

/// The greeting as the specification's layout has it, byte by byte.
TEST(DbusMessage, layout_is_that_of_the_specification) {
    const std::string bytes =
        encode_dbus({.serial = 1, .path = "/a", .member = "Hi", .body = {bus_uint32(9)}});
    const std::string expected(
        "l\1\0\1"
        "\4\0\0\0"
        "\1\0\0\0"
        "\x27\0\0\0"
        "\1\1o\0"
        "\2\0\0\0"
        "/a\0\0\0\0\0\0"
        "\3\1s\0"
        "\2\0\0\0"
        "Hi\0\0\0\0\0\0"
        "\10\1g\0"
        "\1u\0\0"
        "\11\0\0\0",
        16 + 16 + 16 + 8 + 4);
    EXPECT_EQ(bytes, expected);
}

TEST(DbusMessage, other_byte_order_is_read) {
    const std::string bytes(
        "B\2\0\1"
        "\0\0\0\4"
        "\0\0\0\1"
        "\0\0\0\x0f"
        "\5\1u\0"
        "\0\0\0\7"
        "\10\1g\0"
        "\1u\0\0"
        "\0\0\0\11",
        16 + 16 + 4);
    const auto got = decode_dbus(bytes);
    ASSERT_THAT(got, IsOk());
    EXPECT_EQ(got->answers, 7U);
    EXPECT_EQ(got->type, DbusType::answer);
    EXPECT_THAT(got->body, ElementsAre(bus_uint32(9)));
}

TEST(DbusMessage, damaged_bytes_are_errors) {
    const std::string bytes = encode_dbus(a_call());
    EXPECT_THAT(decode_dbus(bytes.substr(0, bytes.size() - 1)), FailsWith("malformed"));
    EXPECT_THAT(decode_dbus(bytes + '\0'), FailsWith("malformed"));
    EXPECT_THAT(decode_dbus(""), FailsWith("malformed"));
    std::string huge = bytes;
    huge[7] = '\x7f';
    EXPECT_THAT(dbus_size(huge), FailsWith("too large"));
    std::string version = bytes;
    version[3] = 2;
    EXPECT_THAT(decode_dbus(version), FailsWith("version"));
}

/// Whatever bytes arrive: read or refused, never a crash, and never more than the message holds.
TEST(DbusMessage, survives_damage) {
    const std::string good = encode_dbus(a_call());
    std::mt19937 random(7);
    int read = 0;
    for (int round = 0; round < 30000; ++round) {
        std::string bytes = good;
        for (unsigned change = 0; change < 1 + random() % 4; ++change)
            bytes[random() % bytes.size()] = static_cast<char>(random() % (change == 0 ? 8 : 256));
        if (random() % 3 == 0) bytes.resize(random() % bytes.size());
        if (decode_dbus(bytes)) ++read;
    }
    EXPECT_GT(read, 0);
}

TEST(DbusMessage, deep_nesting_is_refused) {
    BusValue value = bus_text("x");
    for (int depth = 0; depth < 100; ++depth) value = bus_variant(std::move(value));
    EXPECT_THAT(decode_dbus(encode_dbus({.serial = 1, .path = "/", .member = "M", .body = {value}})),
                FailsWith("nested too deeply"));
}

TEST(DbusAddresses, sockets_in_order) {
    EXPECT_THAT(
        parse_dbus_addresses("unix:path=/run/a%20b,guid=1;tcp:host=x;unix:abstract=/tmp/y;unix:tmpdir=/z"),
        ElementsAre("/run/a b", "@/tmp/y"));
    EXPECT_THAT(DbusConnection::open("tcp:host=x", true), FailsWith("names no Unix socket"));
    EXPECT_THAT(DbusConnection::open("unix:path=/does/not/exist", true), FailsWith("no such file"));
}

TEST(SystemdBus, only_optional_properties_are_dropped) {
    const DbusMessage refusal{.type = DbusType::error,
                              .error_name = "org.freedesktop.DBus.Error.PropertyReadOnly",
                              .body = {bus_text("Cannot set property OOMPolicy, or unknown property.")}};
    std::vector<UnitProperty> properties = {{"Slice", bus_text("a.slice")},
                                            {"OOMPolicy", bus_text("continue"), true}};
    EXPECT_TRUE(drop_unknown_property(properties, refusal));
    EXPECT_EQ(properties.size(), 1U);
    EXPECT_FALSE(drop_unknown_property(properties, refusal));
    std::vector<UnitProperty> asked = {{"OOMPolicy", bus_text("continue")}};
    EXPECT_FALSE(drop_unknown_property(asked, refusal));
}

}  // namespace
}  // namespace ocirun
