/* SPDX-License-Identifier: MIT */
/*
 * A connect() that is interrupted when the kernel has begun the attempt: asked
 * again, it says so, or that the connection is there already. Neither is a
 * failure, and without an interruption both are.
 */
#include "support/net.h"

static struct {
    int calls;
    int interrupted; /* the first call, after it has begun */
    int then;        /* what the next ones say */
} kernel;

static int connect_by_script(void *context, int fd,
                             const struct sockaddr *address, socklen_t length)
{
    const eddy_os *real = eddy_os_default();

    (void) context;
    if (kernel.calls++ > 0)
        return kernel.then;
    (void) real->connect(real->context, fd, address, length);
    return kernel.interrupted ? EDDY_EINTR : kernel.then;
}

struct attempt {
    eddy_connect_req req; /* first: the callback finds the rest by it */
    int calls;
    int status;
};

static void on_connect(eddy_connect_req *req, int status)
{
    struct attempt *attempt = (struct attempt *) (void *) req;

    attempt->calls++;
    attempt->status = status;
}

/* Connects by the script, and returns what the callback was told. */
static int outcome(struct net *net, int interrupted, int then)
{
    struct sockaddr_in address;
    struct attempt attempt = {.calls = 0};
    struct peer peer;

    kernel.calls = 0;
    kernel.interrupted = interrupted;
    kernel.then = then;
    net->os.base.connect = connect_by_script;
    net_listen_raw(net, &address);
    net_peer(net, &peer);
    assert_int_equal(eddy_tcp_connect(&attempt.req, &peer.tcp,
                                      (struct sockaddr *) &address, on_connect),
                     0);
    net_until(net, &attempt.calls, 1);
    assert_int_equal(kernel.calls, 1 + interrupted);
    peer_close(&peer);
    net_until(net, &peer.closes, 1);
    assert_int_equal(attempt.calls, 1);
    return attempt.status;
}

static void attempt_goes_on(void **state)
{
    struct net *net = *state;

    assert_int_equal(outcome(net, 1, EDDY_EALREADY), 0);
    net_close(net);
}

static void attempt_has_succeeded(void **state)
{
    struct net *net = *state;

    assert_int_equal(outcome(net, 1, EDDY_EISCONN), 0);
    net_close(net);
}

static void attempt_has_failed(void **state)
{
    struct net *net = *state;

    assert_int_equal(outcome(net, 1, EDDY_ECONNREFUSED), EDDY_ECONNREFUSED);
    net_close(net);
}

static void uninterrupted_it_is_an_error(void **state)
{
    struct net *net = *state;

    assert_int_equal(outcome(net, 0, EDDY_EALREADY), EDDY_EALREADY);
    assert_int_equal(outcome(net, 0, EDDY_EISCONN), EDDY_EISCONN);
    net_close(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NET_TEST(attempt_goes_on),
        NET_TEST(attempt_has_succeeded),
        NET_TEST(attempt_has_failed),
        NET_TEST(uninterrupted_it_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
