#include "imagetool/remote/url.hpp"

#include <gmock/gmock.h>

namespace ocimg {
namespace {

TEST(Url, has_its_parts) {
    const Url url = parse_url("HTTPS://Example.COM:8443/v2/a?b=c#d").value();
    EXPECT_EQ(url.scheme, "https");
    EXPECT_EQ(url.host, "example.com");
    EXPECT_EQ(url.port, 8443U);
    EXPECT_EQ(url.target, "/v2/a?b=c");
    EXPECT_EQ(to_text(url), "https://example.com:8443/v2/a?b=c");
    EXPECT_EQ(printable_url(url), "https://example.com:8443/v2/a");
    EXPECT_EQ(to_text(parse_url("http://h").value()), "http://h/");
    EXPECT_EQ(to_text(parse_url("http://[::1]:5000/x").value()), "http://[::1]:5000/x");
}

TEST(Url, N11_what_confuses_hosts_is_refused) {
    for (const char* const text :
         {"ftp://a/", "file:///etc/passwd", "http://", "http://user@host/", "http://user:pass@host/",
          "http://host:0/", "http://host:99999/", "http://host:x/", "http://ho st/", "http://host/\r\nX: y",
          "http://h\xc3\xb6st/", "http://[::1", "http://[x]/", "http://a%2fb/", "//host/", "host"}) {
        EXPECT_FALSE(parse_url(text).has_value()) << text;
    }
}

TEST(Url, resolves_what_answers_say) {
    const Url base = parse_url("https://r.example/v2/a/blobs/uploads/").value();
    EXPECT_EQ(to_text(resolve_url(base, "/x?y").value()), "https://r.example/x?y");
    EXPECT_EQ(to_text(resolve_url(base, "u1").value()), "https://r.example/v2/a/blobs/uploads/u1");
    EXPECT_EQ(to_text(resolve_url(base, "//cdn.example/x").value()), "https://cdn.example/x");
    EXPECT_EQ(to_text(resolve_url(base, "http://other/x").value()), "http://other/x");
    EXPECT_EQ(to_text(resolve_url(base, "?n=1").value()), "https://r.example/v2/a/blobs/uploads/?n=1");
    EXPECT_FALSE(resolve_url(base, "gopher://x/").has_value());
}

TEST(Url, an_origin_is_scheme_host_and_port) {
    const Url url = parse_url("https://r.example/").value();
    EXPECT_TRUE(same_origin(url, parse_url("https://r.example:443/x").value()));
    EXPECT_FALSE(same_origin(url, parse_url("http://r.example:443/").value()));
    EXPECT_FALSE(same_origin(url, parse_url("https://r.example:444/").value()));
    EXPECT_FALSE(same_origin(url, parse_url("https://x.r.example/").value()));
}

TEST(Url, N04_private_addresses_in_any_spelling) {
    for (const char* const host : {"127.0.0.1",
                                   "127.1",
                                   "2130706433",
                                   "0x7f000001",
                                   "0177.0.0.1",
                                   "10.1.2.3",
                                   "172.16.0.1",
                                   "172.31.255.1",
                                   "192.168.1.1",
                                   "169.254.169.254",
                                   "0.0.0.0",
                                   "100.64.0.1",
                                   "[::1]",
                                   "[::]",
                                   "[fe80::1]",
                                   "[fd00::1]",
                                   "[::ffff:127.0.0.1]",
                                   "[::ffff:10.0.0.1]",
                                   "localhost",
                                   "a.localhost"}) {
        EXPECT_TRUE(is_private_host(host)) << host;
    }
    for (const char* const host :
         {"8.8.8.8", "172.32.0.1", "11.0.0.1", "example.com", "10.example.com", "[2001:db8::1]"}) {
        EXPECT_FALSE(is_private_host(host)) << host;
    }
}

TEST(Url, N11_only_this_machine_is_loopback) {
    EXPECT_TRUE(is_loopback_host("localhost"));
    EXPECT_TRUE(is_loopback_host("127.0.0.2"));
    EXPECT_TRUE(is_loopback_host("[::1]"));
    for (const char* const host :
         {"a.localhost", "registry.local", "localhost.example.com", "10.0.0.1", "0.0.0.0"}) {
        EXPECT_FALSE(is_loopback_host(host)) << host;
    }
}

TEST(Url, queries_are_encoded) {
    Url url = parse_url("http://h/x").value();
    add_query(url, "scope", "repository:a/b:pull");
    add_query(url, "b", "c d");
    EXPECT_EQ(url.target, "/x?scope=repository%3Aa%2Fb%3Apull&b=c%20d");
}

}  // namespace
}  // namespace ocimg
