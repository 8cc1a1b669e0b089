/* SPDX-License-Identifier: MIT */
/*
 * A watcher that notes what it is told, and then does as the test bids.
 */
#ifndef TESTS_SUPPORT_EAR_H
#define TESTS_SUPPORT_EAR_H

#include "support/test.h"

struct ear {
    eddy_io io;
    int calls;
    int status;                   /* of the last call */
    unsigned events;              /* of the last call */
    void (*act)(struct ear *ear); /* what it then does, or NULL */
    struct ear *other;            /* with whom */
    void *arg;
};

void ear_open(eddy_loop *loop, struct ear *ear, int fd);
void ear_start(struct ear *ear, unsigned events);
void ear_stop(struct ear *ear);
void ear_close(struct ear *ear);

/* The callback of all ears. */
void ear_heard(eddy_io *io, int status, unsigned events);

#endif
