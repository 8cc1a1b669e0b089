/* SPDX-License-Identifier: MIT */
/*
 * close(2), dup2(2) and dup3(2) of a program that is tested with the double:
 * a knote goes with its number (KQUEUE.md, section 3), which nothing else
 * would tell. The calls they stand before are found at run time, so that a
 * sanitizer that watches them still does.
 */
#include "knote.h"

#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

typedef void any_function(void);

/* Everywhere else a pointer to data and one to code are different things. */
static any_function *next_of(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    any_function *function;

    memcpy(&function, &found, sizeof function);
    return function;
}

int double_real_close(int fd)
{
    static any_function *next;
    any_function *function = __atomic_load_n(&next, __ATOMIC_RELAXED);

    if (function == NULL) {
        function = next_of("close");
        __atomic_store_n(&next, function, __ATOMIC_RELAXED);
    }
    return ((int (*)(int)) function)(fd);
}

int close(int fd)
{
    double_closing(fd);
    return double_real_close(fd);
}

int dup2(int old_fd, int new_fd)
{
    if (old_fd != new_fd)
        double_closing(new_fd);
    return ((int (*)(int, int)) next_of("dup2"))(old_fd, new_fd);
}

int dup3(int old_fd, int new_fd, int flags)
{
    if (old_fd != new_fd)
        double_closing(new_fd);
    return ((int (*)(int, int, int)) next_of("dup3"))(old_fd, new_fd, flags);
}
