/* SPDX-License-Identifier: MIT */
/* Compiles where the kernel has kqueue. */
#include <sys/types.h>

#include <sys/event.h>
#include <sys/time.h>

int main(void)
{
    struct kevent event = {.ident = 0, .filter = EVFILT_READ, .flags = EV_ADD};
    struct timespec none = {.tv_sec = 0, .tv_nsec = 0};

    return kevent(kqueue(), &event, 1, &event, 1, &none);
}
