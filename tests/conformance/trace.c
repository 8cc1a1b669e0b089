/* SPDX-License-Identifier: MIT */
/*
 * Recording, sorting and comparing traces.
 */
#include "conformance/trace.h"

#include "support/test.h"

#include <stdio.h>
#include <string.h>

void trace_add(struct trace *trace, enum trace_kind kind, const char *text)
{
    struct trace_line *line;

    if (trace->count == TRACE_LINES) {
        trace->count--;
        text = "... and more than the trace has room for";
    }
    line = &trace->lines[trace->count++];
    line->kind = kind;
    (void) snprintf(line->text, sizeof(line->text), "%s", text);
}

struct trace_line *trace_last(struct trace *trace, enum trace_kind kind)
{
    struct trace_line *last = &trace->lines[trace->count - 1];

    if (trace->count <= trace->step || last->kind != kind)
        return NULL;
    return last;
}

void trace_drop(struct trace *trace)
{
    trace->count--;
}

void trace_step(struct trace *trace)
{
    trace->step = trace->count;
}

int trace_reports(const struct trace *trace)
{
    int reports = 0;

    for (int i = trace->step; i < trace->count; i++) {
        enum trace_kind kind = trace->lines[i].kind;

        reports += kind == TRACE_IO || kind == TRACE_REPORT;
    }
    return reports;
}

/* Where the block ends that begins with this line. */
static int block_end(const struct trace *trace, int begin)
{
    int end = begin + 1;

    while (end < trace->count && trace->lines[end].kind == TRACE_INNER)
        end++;
    return end;
}

static bool out_of_order(const struct trace *trace, int first, int second)
{
    return second < trace->count && trace->lines[first].kind == TRACE_IO &&
           trace->lines[second].kind == TRACE_IO &&
           strcmp(trace->lines[first].text, trace->lines[second].text) > 0;
}

/* Exchanges two neighbours. */
static void exchange(struct trace *trace, int first, int second, int end)
{
    struct trace_line lines[TRACE_LINES];
    size_t front = (size_t) (second - first);
    size_t back = (size_t) (end - second);

    memcpy(lines, &trace->lines[second], back * sizeof(*lines));
    memcpy(lines + back, &trace->lines[first], front * sizeof(*lines));
    memcpy(&trace->lines[first], lines, (front + back) * sizeof(*lines));
}

/* One pass that exchanges neighbours; false if there were none to exchange. */
static bool sort_once(struct trace *trace)
{
    bool exchanged = false;
    int first = trace->step;

    while (first < trace->count) {
        int second = block_end(trace, first);

        if (out_of_order(trace, first, second)) {
            int end = block_end(trace, second);

            exchange(trace, first, second, end);
            second = first + end - second;
            exchanged = true;
        }
        first = second;
    }
    return exchanged;
}

void trace_sort(struct trace *trace)
{
    while (sort_once(trace))
        continue;
}

/* --- comparing ----------------------------------------------------------- */

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

static const char *next_line(const char *text)
{
    text += line_length(text);
    return *text == '\n' ? text + 1 : text;
}

static bool same(const struct trace *trace, int i, const char *expected)
{
    size_t length = line_length(expected);

    return *expected != '\0' && i < trace->count &&
           strlen(trace->lines[i].text) == length &&
           memcmp(trace->lines[i].text, expected, length) == 0;
}

static void print(char mark, const char *text)
{
    print_error("    %c %.*s\n", mark, (int) line_length(text), text);
}

/* What is expected further on, within the trace; or -1. */
static int find(const struct trace *trace, int from, const char *expected)
{
    for (int i = from; i < trace->count; i++) {
        if (same(trace, i, expected))
            return i;
    }
    return -1;
}

/* Lines of the trace alone are marked +, expected ones that are missing -. */
static void print_diff(const struct trace *trace, const char *expected)
{
    int i = 0;

    for (; *expected != '\0'; expected = next_line(expected)) {
        int at = find(trace, i, expected);

        if (at < 0) {
            print('-', expected);
            continue;
        }
        for (; i < at; i++)
            print('+', trace->lines[i].text);
        print(' ', expected);
        i = at + 1;
    }
    for (; i < trace->count; i++)
        print('+', trace->lines[i].text);
}

bool trace_matches(const struct trace *trace, const char *expected)
{
    const char *rest = expected;
    int i = 0;

    while (same(trace, i, rest)) {
        rest = next_line(rest);
        i++;
    }
    if (*rest == '\0' && i == trace->count)
        return true;
    print_diff(trace, expected);
    return false;
}
