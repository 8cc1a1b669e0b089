/* SPDX-License-Identifier: MIT */
/*
 * A main for a harness where there is no libFuzzer: it replays the files and
 * folders it is given, each once, or with no argument what comes on stdin.
 * Under AFL++ that is a loop of many inputs in one process.
 */
#include "fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_SIZE = 1 << 16 };

static uint8_t input[INPUT_SIZE];
static int replayed;

/* A copy of just the size, so that a sanitizer sees a read past the end. */
static void run(size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        exit(1);
    memcpy(copy, input, size);
    (void) LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    replayed++;
}

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        perror(path);
        exit(1);
    }
    fuzz_trace("replaying %s", path);
    run(fread(input, 1, sizeof(input), file));
    (void) fclose(file);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* In the order of their names: what one run leaves behind, another may meet. */
static void replay_folder(const char *folder, DIR *open)
{
    char **paths = NULL;
    size_t count = 0;
    struct dirent *entry;

    while ((entry = readdir(open)) != NULL) {
        size_t length = strlen(folder) + strlen(entry->d_name) + 2;

        if (entry->d_name[0] == '.')
            continue;
        paths = realloc(paths, (count + 1) * sizeof(*paths));
        if (paths == NULL || (paths[count] = malloc(length)) == NULL)
            exit(1);
        (void) snprintf(paths[count++], length, "%s/%s", folder, entry->d_name);
    }
    if (count > 0)
        qsort(paths, count, sizeof(*paths), by_name);
    for (size_t i = 0; i < count; i++) {
        replay_file(paths[i]);
        free(paths[i]);
    }
    free(paths);
}

static void replay(const char *path)
{
    DIR *open = opendir(path);

    if (open == NULL) {
        replay_file(path);
        return;
    }
    replay_folder(path, open);
    (void) closedir(open);
}

#ifdef __AFL_FUZZ_TESTCASE_LEN
__AFL_FUZZ_INIT();

static void run_stdin(void)
{
    const unsigned char *shared;

    __AFL_INIT();
    shared = __AFL_FUZZ_TESTCASE_BUF;
    while (__AFL_LOOP(10000)) {
        size_t size = (size_t) __AFL_FUZZ_TESTCASE_LEN;

        size = size < sizeof(input) ? size : sizeof(input);
        memcpy(input, shared, size);
        run(size);
    }
}
#else
static void run_stdin(void)
{
    run(fread(input, 1, sizeof(input), stdin));
}
#endif

int main(int argc, char **argv)
{
    (void) LLVMFuzzerInitialize(&argc, &argv);
    fuzz_begin(NULL, 0);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc == 1)
        run_stdin();
    else
        printf("%d inputs replayed\n", replayed);
    return argc > 1 && replayed == 0;
}
