#include "imagetool/remote/curl_library.hpp"

#include <dlfcn.h>

#include <csignal>
#include <string>

namespace ocimg {

namespace {

using oci::Result;

constexpr const char* library_name = "libcurl.so.4";

template <class Function>
bool look_up(void* library, const char* name, Function& function) {
    void* const symbol = ::dlsym(library, name);
    function = reinterpret_cast<Function>(symbol);
    return symbol != nullptr;
}

Result<CurlLibrary> load() {
    void* const library = ::dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* const why = ::dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps one a thread
        return oci::failure(oci::ErrorCode::unsupported,
                            std::string("registries need libcurl (Debian package libcurl4): ") +
                                (why == nullptr ? library_name : why));
    }
    // A server that hangs up is an error, not the end of this process: OpenSSL writes without MSG_NOSIGNAL.
    ::signal(SIGPIPE, SIG_IGN);
    CurlLibrary curl;
    CURLcode (*global_init)(long) = nullptr;
    const bool whole = look_up(library, "curl_global_init", global_init) &&
                       look_up(library, "curl_easy_init", curl.easy_init) &&
                       look_up(library, "curl_easy_cleanup", curl.easy_cleanup) &&
                       look_up(library, "curl_easy_reset", curl.easy_reset) &&
                       look_up(library, "curl_easy_setopt", curl.easy_setopt) &&
                       look_up(library, "curl_easy_perform", curl.easy_perform) &&
                       look_up(library, "curl_easy_getinfo", curl.easy_getinfo) &&
                       look_up(library, "curl_easy_strerror", curl.easy_strerror) &&
                       look_up(library, "curl_slist_append", curl.slist_append) &&
                       look_up(library, "curl_slist_free_all", curl.slist_free_all);
    if (!whole || global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return oci::failure(oci::ErrorCode::unsupported, std::string(library_name) + " cannot be used");
    }
    return curl;
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
    static const Result<CurlLibrary> library = load();
    if (!library) return library.error();
    return &*library;
}

}  // namespace ocimg
