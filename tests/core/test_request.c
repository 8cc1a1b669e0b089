/* SPDX-License-Identifier: MIT */
/*
 * Requests as modules use them: the order and phase of their callbacks, using
 * them again, cancelling.
 */
#include "core/request.h"
#include "support/sim.h"

enum { REQUESTS = 4 };

struct question {
    eddy_req req; /* first */
    int answered;
    int place;
    int status;
    int again; /* how often its callback ends it anew */
};

static int place;
static eddy_loop *asked;

static void on_done(eddy_req *req);
static int cancel(eddy_req *req);

static const struct eddy__req_class kind = {.done = on_done, .cancel = cancel};

static void on_done(eddy_req *req)
{
    struct question *question = (struct question *) (void *) req;

    assert_false(eddy__req_in_flight(req));
    question->answered++;
    question->place = ++place;
    question->status = req->status;
    if (question->again > 0) {
        question->again--;
        eddy__req_begin(asked, req, &kind);
        eddy__req_end(req, 0);
    }
}

static int cancel(eddy_req *req)
{
    eddy__req_end(req, EDDY_ECANCELED);
    return 0;
}

static void ask(struct sim *sim, struct question *questions)
{
    place = 0;
    asked = &sim->loop;
    for (int i = 0; i < REQUESTS; i++) {
        questions[i] = (struct question){.answered = 0};
        eddy__req_begin(&sim->loop, &questions[i].req, &kind);
    }
}

static void callbacks_come_in_order_of_ending(void **state)
{
    struct sim *sim = *state;
    struct question questions[REQUESTS];
    static const int order[REQUESTS] = {2, 0, 3, 1};

    ask(sim, questions);
    for (int i = 0; i < REQUESTS; i++)
        eddy__req_end(&questions[order[i]].req, -i);
    assert_int_equal(place, 0);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    for (int i = 0; i < REQUESTS; i++) {
        assert_int_equal(questions[order[i]].place, i + 1);
        assert_int_equal(questions[order[i]].status, -i);
    }
    sim_close(sim);
}

/* Used again in its callback, it comes back in the next iteration: one that
 * does so for ever does not starve the rest. */
static void request_may_be_used_again_in_its_callback(void **state)
{
    struct sim *sim = *state;
    struct question questions[REQUESTS];

    ask(sim, questions);
    questions[0].again = 5;
    for (int i = 0; i < REQUESTS; i++)
        eddy__req_end(&questions[i].req, 0);
    for (int turn = 1; turn <= 6; turn++) {
        sim_run(sim, EDDY_RUN_NOWAIT);
        assert_int_equal(questions[0].answered, turn);
        assert_int_equal(questions[1].answered, 1);
    }
    assert_int_equal(sim_run(sim, EDDY_RUN_DEFAULT), 0);
    assert_int_equal(questions[0].answered, 6);
    sim_close(sim);
}

static void finish_calls_back_now(void **state)
{
    struct sim *sim = *state;
    struct question questions[REQUESTS];

    ask(sim, questions);
    for (int i = 0; i < REQUESTS; i++) {
        eddy__req_finish(&questions[i].req, EDDY_EPIPE);
        assert_int_equal(questions[i].answered, 1);
        assert_int_equal(questions[i].status, EDDY_EPIPE);
        assert_int_equal(eddy_loop_check(&sim->loop), 0);
    }
    assert_false(eddy_loop_alive(&sim->loop));
    sim_close(sim);
}

static void cancelling_ends_what_is_in_flight(void **state)
{
    struct sim *sim = *state;
    struct question questions[REQUESTS];
    eddy_req idle = {.data = NULL};

    assert_int_equal(eddy_cancel(NULL), EDDY_EINVAL);
    assert_int_equal(eddy_cancel(&idle), EDDY_EINVAL);
    ask(sim, questions);
    assert_int_equal(eddy_cancel(&questions[0].req), 0);
    assert_int_equal(questions[0].answered, 0);
    assert_int_equal(eddy_cancel(&questions[0].req), EDDY_EBUSY);
    for (int i = 1; i < REQUESTS; i++)
        eddy__req_end(&questions[i].req, 0);
    assert_int_equal(eddy_cancel(&questions[1].req), EDDY_EBUSY);
    assert_int_equal(sim_run(sim, EDDY_RUN_NOWAIT), 0);
    assert_int_equal(questions[0].status, EDDY_ECANCELED);
    assert_int_equal(questions[1].status, 0);
    assert_int_equal(questions[0].answered, 1);
    assert_int_equal(eddy_cancel(&questions[0].req), EDDY_EINVAL);
    sim_close(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SIM_TEST(callbacks_come_in_order_of_ending),
        SIM_TEST(request_may_be_used_again_in_its_callback),
        SIM_TEST(finish_calls_back_now),
        SIM_TEST(cancelling_ends_what_is_in_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
