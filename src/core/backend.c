/* SPDX-License-Identifier: MIT */
/*
 * Which backends there are, which one a loop gets, and opening it. CMake
 * generates the registry from the folders that are on, the best first.
 */
#include "core/backend.h"

#include "core/environment.h"
#include "core/fdtable.h"

#include <string.h>

enum { MAX_BACKENDS = 8 };

static size_t count(void)
{
    size_t n = 0;

    while (eddy__registry[n] != NULL)
        n++;
    return n;
}

/* The registry is constant, so that threads that fill the array at the same
 * time write the same. */
size_t eddy_backends(const char *const **names)
{
    static const char *filled[MAX_BACKENDS + 1];
    size_t n = count();

    if (names == NULL)
        return n;
    for (size_t i = 0; i < n; i++)
        __atomic_store_n(&filled[i], eddy__registry[i]->name, __ATOMIC_RELAXED);
    *names = filled;
    return n;
}

static const eddy_backend_ops *find(const char *name)
{
    for (size_t i = 0; eddy__registry[i] != NULL; i++)
        if (strcmp(eddy__registry[i]->name, name) == 0)
            return eddy__registry[i];
    return NULL;
}

const eddy_backend_ops *eddy__backend_choose(const eddy_loop_options *options)
{
    const char *name = options->backend;

    if (options->backend_ops != NULL)
        return options->backend_ops;
    if (name != NULL)
        return find(name);
    name = eddy__environment("EDDY_BACKEND");
    if (name == NULL || name[0] == '\0')
        return eddy__registry[0];
    return find(name);
}

int eddy__backend_open(const eddy_loop *loop, eddy_backend **out)
{
    eddy_backend *backend;
    int err = loop->ops->create(loop->allocator, &backend);

    if (err < 0)
        return err;
    err = eddy__fds_attach(loop, backend);
    if (err < 0)
        loop->ops->destroy(backend, false);
    else
        *out = backend;
    return err;
}
