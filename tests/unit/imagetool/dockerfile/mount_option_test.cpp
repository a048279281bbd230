#include "imagetool/dockerfile/mount_option.hpp"

#include <gtest/gtest.h>

#include "tests/support/result_matchers.hpp"

namespace ocimg::dockerfile {
namespace {

using oci::test::FailsWith;
using oci::test::IsOk;

Mount mount_of(std::string_view text) {
    const auto mount = parse_mount(text);
    EXPECT_THAT(mount, IsOk()) << text;
    return mount.has_value() && mount->has_value() ? **mount : Mount{};
}

TEST(MountOption, bind_is_the_default_and_read_only) {
    const Mount mount = mount_of("target=/src,from=build,source=/out");
    EXPECT_EQ(mount.type, MountType::bind);
    EXPECT_EQ(mount.target, "/src");
    EXPECT_EQ(mount.from, "build");
    EXPECT_EQ(mount.source, "/out");
    EXPECT_TRUE(mount.readonly);
    EXPECT_FALSE(mount_of("target=/a,rw").readonly);
    EXPECT_FALSE(mount_of("dst=/a,readwrite=true").readonly);
    EXPECT_FALSE(mount_of("destination=/a,ro=0").readonly);
}

TEST(MountOption, cache_has_every_option) {
    const Mount mount =
        mount_of("TYPE=Cache,Target=/c,id=x,sharing=locked,mode=0700,uid=1,gid=2,from=s,source=/d");
    EXPECT_EQ(mount.type, MountType::cache);
    EXPECT_EQ(mount.id, "x");
    EXPECT_EQ(mount.sharing, CacheSharing::locked);
    EXPECT_EQ(mount.mode, 0700U);
    EXPECT_EQ(mount.uid, 1U);
    EXPECT_EQ(mount.gid, 2U);
    EXPECT_FALSE(mount.readonly);
    EXPECT_EQ(mount_of("type=cache,target=/c").id, "/c");
    EXPECT_EQ(mount_of("type=cache,target=/c,sharing=private").sharing, CacheSharing::private_copy);
    EXPECT_TRUE(mount_of("type=cache,target=/c,ro").readonly);
}

TEST(MountOption, tmpfs_has_a_size) {
    const Mount mount = mount_of("type=tmpfs,target=/t,size=64m");
    EXPECT_EQ(mount.size, std::int64_t{64} << 20);
    EXPECT_FALSE(mount.readonly);
}

TEST(MountOption, secret_and_ssh_have_owners_and_may_be_required) {
    const Mount secret = mount_of("type=secret,id=token,target=/t,required,mode=0440,uid=7,env=TOKEN");
    EXPECT_TRUE(secret.required);
    EXPECT_EQ(secret.env, "TOKEN");
    EXPECT_EQ(mount_of("type=secret,source=/x/key").id, "key");
    EXPECT_EQ(mount_of("type=secret,target=/run/s/key").id, "key");
    EXPECT_EQ(mount_of("type=ssh").id, "default");
    EXPECT_FALSE(mount_of("type=ssh,required=false").required);
}

TEST(MountOption, quoted_fields_hold_commas) {
    EXPECT_EQ(mount_of("type=bind,\"source=a,b\",target=/x").source, "a,b");
    EXPECT_EQ(mount_of("\"source=a\"\"b\",target=/x").source, "a\"b");
    EXPECT_THAT(parse_mount("\"source=a,target=/x"), FailsWith("not closed"));
    EXPECT_THAT(parse_mount("source=a\"b,target=/x"), FailsWith("quote inside"));
}

TEST(MountOption, what_a_type_does_not_have_is_an_error) {
    EXPECT_THAT(parse_mount("type=bind,target=/a,mode=0755"), FailsWith("no options of a bind mount"));
    EXPECT_THAT(parse_mount("type=tmpfs,target=/a,uid=1"), FailsWith("no options of a tmpfs mount"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,size=1"), FailsWith("size is no option of a cache mount"));
    EXPECT_THAT(parse_mount("type=bind,target=/a,sharing=shared"), FailsWith("sharing is no option"));
    EXPECT_THAT(parse_mount("type=bind,target=/a,required"), FailsWith("only after type=secret or type=ssh"));
    EXPECT_THAT(parse_mount("required,type=secret,id=a"), FailsWith("only after type=secret"));
    EXPECT_THAT(parse_mount("type=secret,from=x,id=a"), FailsWith("from is no option"));
    EXPECT_THAT(parse_mount("type=secret,source=x,id=a"), FailsWith("not both"));
    EXPECT_THAT(parse_mount("type=secret"), FailsWith("needs id, source or target"));
    EXPECT_THAT(parse_mount("type=cache"), FailsWith("needs a target"));
    EXPECT_THAT(parse_mount("type=ssh,env=X"), FailsWith("env is no option"));
    EXPECT_THAT(parse_mount("target=/"), FailsWith("cannot be /"));
    EXPECT_THAT(parse_mount("target=//./"), FailsWith("cannot be /"));
}

TEST(MountOption, B03_only_known_words_pass) {
    EXPECT_THAT(parse_mount("type=bind,target=/a,bind-propagation=rshared,exec,suid"),
                FailsWith("unknown option"));
    EXPECT_THAT(parse_mount("type=bind,target=/a,z,dev"), FailsWith("unknown option \"dev\""));
    EXPECT_THAT(parse_mount("type=bind,target=/a,exec"), FailsWith("unknown option \"exec\""));
    EXPECT_THAT(parse_mount("type=overlay,target=/a"), FailsWith("bind, cache, tmpfs, secret, ssh"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,sharing=private,suid"), FailsWith("unknown option"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,sharing=rw"), FailsWith("shared, private, locked"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,mode=07777777"), FailsWith("octal number"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,uid=-1"), FailsWith("a number from 0"));
    EXPECT_THAT(parse_mount("type=cache,target=/a,ro=maybe"), FailsWith("true or false"));
}

TEST(MountOption, mistyped_keys_name_the_nearest) {
    EXPECT_THAT(parse_mount("typ=bind,target=/a"), FailsWith("did you mean type?"));
    EXPECT_THAT(parse_mount("type=cahce,target=/a"), FailsWith("did you mean cache?"));
}

TEST(MountOption, variables_wait_for_their_expansion) {
    const auto waiting = parse_mount("type=cache,target=$dir");
    ASSERT_THAT(waiting, IsOk());
    EXPECT_FALSE(waiting->has_value());
    EXPECT_THAT(parse_mount("from=$stage,target=/a"), FailsWith("takes no variables"));
    EXPECT_THAT(parse_mount("form=$stage,target=/a"), FailsWith("unknown option"));
    const auto mount = parse_mount("type=cache,target=$dir", [](std::string_view value) {
        return oci::Result<std::string>(value == "$dir" ? "/a,rw" : std::string(value));
    });
    ASSERT_THAT(mount, IsOk());
    EXPECT_EQ(mount->target, "/a,rw");  // a comma of a value divides nothing
}

}  // namespace
}  // namespace ocimg::dockerfile
