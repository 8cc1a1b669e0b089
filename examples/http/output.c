/* SPDX-License-Identifier: MIT */
/*
 * A buffer that doubles. It stays as large as it once was: what a read turn
 * can ask for is bounded, and there is one buffer a thread.
 */
#include "output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(struct output *output, size_t length)
{
    size_t room = output->room ? output->room : 16384;
    char *grown;

    if (output->failed)
        return false;
    if (output->room - output->length >= length)
        return true;
    while (room - output->length < length)
        room *= 2;
    grown = realloc(output->bytes, room);
    if (!grown) {
        output->failed = true;
        return false;
    }
    output->bytes = grown;
    output->room = room;
    return true;
}

void output_append(struct output *output, const char *bytes, size_t length)
{
    if (length == 0 || !reserve(output, length))
        return;
    memcpy(output->bytes + output->length, bytes, length);
    output->length += length;
}

void output_printf(struct output *output, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t) length >= sizeof line)
        output->failed = true;
    else
        output_append(output, line, (size_t) length);
}

void output_clear(struct output *output)
{
    output->length = 0;
    output->failed = false;
}

void output_release(struct output *output)
{
    free(output->bytes);
    *output = (struct output){0};
}
