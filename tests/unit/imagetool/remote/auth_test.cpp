#include <gmock/gmock.h>

#include "base/base64.hpp"
#include "imagetool/remote/auth_challenge.hpp"
#include "imagetool/remote/authenticator.hpp"
#include "imagetool/remote/credential_file.hpp"
#include "imagetool/remote/credential_helper.hpp"
#include "imagetool/remote/registry_session.hpp"

namespace ocimg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(AuthChallenge, of_a_token_server) {
    const auto challenges = parse_challenges(
        "Bearer realm=\"https://auth.docker.io/token\", "
        "service=registry.docker.io,scope=\"repository:a/b:pull,push\"");
    ASSERT_THAT(challenges, SizeIs(1));
    EXPECT_EQ(challenges[0].scheme, "bearer");
    EXPECT_EQ(challenges[0].parameters.at("realm"), "https://auth.docker.io/token");
    EXPECT_EQ(challenges[0].parameters.at("service"), "registry.docker.io");
    EXPECT_EQ(challenges[0].parameters.at("scope"), "repository:a/b:pull,push");
}

TEST(AuthChallenge, several_in_one_header) {
    const auto challenges = parse_challenges("Negotiate, Basic realm=\"a \\\"b\\\"\" , Bearer realm=x");
    ASSERT_THAT(challenges, SizeIs(3));
    EXPECT_EQ(challenges[1].scheme, "basic");
    EXPECT_EQ(challenges[1].parameters.at("realm"), "a \"b\"");
    EXPECT_EQ(challenges[2].parameters.at("realm"), "x");
}

TEST(AuthChallenge, damage_ends_the_list) {
    EXPECT_THAT(parse_challenges(""), SizeIs(0));
    EXPECT_THAT(parse_challenges("=x"), SizeIs(0));
    EXPECT_THAT(parse_challenges("realm=x"), SizeIs(0));
    EXPECT_THAT(parse_challenges("Bearer realm=\"no end"), SizeIs(1));
    EXPECT_THAT(parse_challenges("Bearer realm=\"a\" \x01\x02"), SizeIs(1));
    EXPECT_THAT(parse_challenges(std::string(100000, ',')), SizeIs(0));
}

TEST(Base64, both_ways) {
    EXPECT_EQ(oci::to_base64("user:pass"), "dXNlcjpwYXNz");
    EXPECT_EQ(oci::to_base64("a"), "YQ==");
    EXPECT_EQ(oci::from_base64("YQ==").value(), "a");
    EXPECT_EQ(oci::from_base64("YQ").value(), "a");
    EXPECT_FALSE(oci::from_base64("Y").has_value());
    EXPECT_FALSE(oci::from_base64("Y*==").has_value());
}

RegistryAddress address(const char* url) {
    return {.origin = parse_url(url).value(), .tls = {}, .trusted_hosts = {"minio.example", "10.0.0.2:9000"}};
}

TEST(OtherServers, N02_https_never_becomes_http) {
    EXPECT_FALSE(check_other_server(address("https://r.example"), parse_url("http://cdn.example/").value())
                     .has_value());
    EXPECT_TRUE(check_other_server(address("https://r.example"), parse_url("https://cdn.example/").value())
                    .has_value());
    EXPECT_TRUE(check_other_server(address("http://r.example"), parse_url("http://cdn.example/").value())
                    .has_value());
}

TEST(OtherServers, N03_private_ones_need_the_users_word) {
    const RegistryAddress registry = address("https://10.0.0.1:5000");
    EXPECT_TRUE(check_other_server(registry, parse_url("https://10.0.0.1:9000/").value()).has_value());
    EXPECT_FALSE(check_other_server(registry, parse_url("https://10.0.0.3/").value()).has_value());
    EXPECT_TRUE(check_other_server(registry, parse_url("https://10.0.0.2:9000/").value()).has_value());
    EXPECT_FALSE(check_other_server(registry, parse_url("https://10.0.0.2/").value()).has_value());
    EXPECT_FALSE(check_other_server(registry, parse_url("https://169.254.169.254/").value()).has_value());
}

TEST(OtherServers, N07_get_no_leniency_and_no_client_certificate) {
    RegistryAddress registry = address("https://r.example");
    registry.tls = {.verify = false, .authorities = "pem", .client_certificate = "c", .client_key = "k"};
    const TlsSettings own = tls_for(registry, parse_url("https://r.example:444/").value());
    EXPECT_FALSE(own.verify);
    const TlsSettings other = tls_for(registry, parse_url("https://cdn.example/").value());
    EXPECT_TRUE(other.verify);
    EXPECT_EQ(other.client_certificate, "");
}

TEST(CredentialFile, the_most_specific_entry_counts) {
    EXPECT_THAT(credential_keys("q.io", "a/b"), ElementsAre("q.io/a/b", "q.io/a", "q.io"));
    const auto file =
        parse_credential_file(R"({"auths": {"q.io": {"auth": "YTpi"}, "q.io/a": {"auth": "Yzpk"},
        "https://r.io/v1/": {"auth": "ZTpm"}}, "other": [1, {"x": null}]})",
                              "auth.json")
            .value();
    EXPECT_EQ(find_credential(file, credential_keys("q.io", "a/b")).value()->user, "c");
    EXPECT_EQ(find_credential(file, credential_keys("q.io", "x")).value()->password, "b");
    EXPECT_EQ(find_credential(file, credential_keys("r.io", "x")).value()->user, "e");
    EXPECT_FALSE(find_credential(file, credential_keys("s.io", "x")).value().has_value());
}

TEST(CredentialFile, N12_credentials_of_the_default_registry_stay_there) {
    const auto file =
        parse_credential_file(R"({"auths": {"https://index.docker.io/v1/": {"auth": "YTpi"}}})", "f").value();
    EXPECT_TRUE(find_credential(file, credential_keys("docker.io", "library/x")).value().has_value());
    EXPECT_FALSE(find_credential(file, credential_keys("evil.io", "library/x")).value().has_value());
}

TEST(CredentialFile, a_damaged_entry_is_named) {
    const auto file = parse_credential_file(R"({"auths": {"q.io": {"auth": "*"}}})", "f").value();
    EXPECT_THAT(find_credential(file, {"q.io"}).error().text, HasSubstr("auths[\"q.io\"].auth"));
    EXPECT_FALSE(parse_credential_file("{", "f").has_value());
}

TEST(CredentialFile, changes_leave_the_rest_alone) {
    const std::string text =
        R"({"HttpHeaders": {"a": ["b", 1.5, true, null]}, "auths": {"x": {"auth": "YTpi"}}})";
    const std::string added =
        change_credential_file(text, "f", "y", Credential{.user = "u", .password = "p"}).value();
    EXPECT_THAT(added, HasSubstr("1.5"));
    const auto file = parse_credential_file(added, "f").value();
    EXPECT_EQ(find_credential(file, {"x"}).value()->user, "a");
    EXPECT_EQ(find_credential(file, {"y"}).value()->password, "p");
    const std::string removed = change_credential_file(added, "f", "y", std::nullopt).value();
    EXPECT_FALSE(find_credential(parse_credential_file(removed, "f").value(), {"y"}).value().has_value());
    EXPECT_EQ(change_credential_file(removed, "f", "y", std::nullopt).error().code,
              oci::ErrorCode::not_found);
    EXPECT_TRUE(change_credential_file("", "f", "y", Credential{.user = "u"}).has_value());
}

TEST(CredentialHelper, N12_a_name_is_no_path) {
    for (const char* const name : {"../../x", "a/b", "", "A", "a.b", "a b"}) {
        EXPECT_FALSE(find_credential_helper(name, "/usr/bin").has_value()) << name;
    }
    EXPECT_THAT(find_credential_helper("nowhere", "relative:.:/usr/bin").error().text,
                HasSubstr("no directory of PATH"));
}

TEST(Warnings, only_code_299_counts) {
    EXPECT_EQ(warning_text("299 - \"old registry\""), "old registry");
    EXPECT_EQ(warning_text("199 - \"x\""), "");
    EXPECT_EQ(warning_text("299 - \""), "");
    EXPECT_EQ(warning_text("299 - \"a\x1b[2Jb\""), "a [2Jb");
}

}  // namespace
}  // namespace ocimg
