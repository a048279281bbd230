#pragma once
// libcurl, loaded when the first request is made: linked, it and its thirty libraries would cost every start
// of ocimg more than the whole rest. Only the files of this folder include this header.

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/result.hpp"

namespace ocimg {

/// The functions of libcurl that are used.
struct CurlLibrary {
    CURL* (*easy_init)() = nullptr;
    void (*easy_cleanup)(CURL*) = nullptr;
    void (*easy_reset)(CURL*) = nullptr;
    CURLcode (*easy_setopt)(CURL*, CURLoption, ...) = nullptr;
    CURLcode (*easy_perform)(CURL*) = nullptr;
    CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...) = nullptr;
    const char* (*easy_strerror)(CURLcode) = nullptr;
    curl_slist* (*slist_append)(curl_slist*, const char*) = nullptr;
    void (*slist_free_all)(curl_slist*) = nullptr;
};

/// Loads and initialises libcurl on the first call; safe from several threads.
oci::Result<const CurlLibrary*> curl_library();

}  // namespace ocimg
