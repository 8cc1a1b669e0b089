/* SPDX-License-Identifier: MIT */
/*
 * The packaged parser behind one set of names: llhttp, or its elder
 * http-parser where the distribution has only that. CMake finds out which, and
 * sets EXAMPLES_LLHTTP. Both call the same callbacks; a callback that returns
 * other than 0 ends the parsing.
 */
#ifndef EXAMPLES_HTTP_LIBRARY_H
#define EXAMPLES_HTTP_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef EXAMPLES_LLHTTP

#include <llhttp.h>

typedef llhttp_t library_parser;
typedef llhttp_settings_t library_settings;

static inline void library_init(library_parser *library,
                                const library_settings *settings)
{
    llhttp_init(library, HTTP_REQUEST, settings);
}

/* True if all the bytes were understood and no callback objected. */
static inline bool library_feed(library_parser *library,
                                const library_settings *settings,
                                const char *bytes, size_t length)
{
    const char *end = bytes + length;
    llhttp_errno_t error = llhttp_execute(library, bytes, length);

    (void) settings;
    while (error == HPE_PAUSED_UPGRADE) {
        /* A client may offer another protocol: this server goes on in HTTP. */
        bytes = llhttp_get_error_pos(library);
        llhttp_resume_after_upgrade(library);
        error = llhttp_execute(library, bytes, (size_t) (end - bytes));
    }
    return error == HPE_OK;
}

static inline bool library_keeps_alive(const library_parser *library)
{
    return llhttp_should_keep_alive(library) != 0;
}

/* As announced, once the headers are complete; 0 if it was not. */
static inline uint64_t library_body_length(const library_parser *library)
{
    return library->content_length;
}

/* Llhttp stores nothing, and so has no limit of its own. */
static inline bool library_overflowed(const library_parser *library)
{
    (void) library;
    return false;
}

#else

#include <http_parser.h>

typedef http_parser library_parser;
typedef http_parser_settings library_settings;

static inline void library_init(library_parser *library,
                                const library_settings *settings)
{
    (void) settings;
    http_parser_init(library, HTTP_REQUEST);
}

static inline bool library_feed(library_parser *library,
                                const library_settings *settings,
                                const char *bytes, size_t length)
{
    size_t used = 0;

    while (used < length) {
        size_t left = length - used;

        used += http_parser_execute(library, settings, bytes + used, left);
        if (HTTP_PARSER_ERRNO(library) != HPE_OK)
            return false;
        /* It returns early only where a client offers another protocol: this
         * server goes on in HTTP. */
        library->upgrade = 0;
    }
    return true;
}

static inline bool library_keeps_alive(const library_parser *library)
{
    return http_should_keep_alive(library) != 0;
}

static inline uint64_t library_body_length(const library_parser *library)
{
    uint64_t length = library->content_length;

    return length == UINT64_MAX ? 0 : length;
}

static inline bool library_overflowed(const library_parser *library)
{
    return HTTP_PARSER_ERRNO(library) == HPE_HEADER_OVERFLOW;
}

#endif

#endif
