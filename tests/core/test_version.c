/* SPDX-License-Identifier: MIT */
/*
 * The version: the library that is linked is the one whose headers were used.
 */
#include "support/test.h"

#include <stdio.h>

static void string_is_that_of_the_macros(void **state)
{
    char expected[32];

    (void) state;
    snprintf(expected, sizeof(expected), "%d.%d.%d", EDDY_VERSION_MAJOR,
             EDDY_VERSION_MINOR, EDDY_VERSION_PATCH);
    assert_string_equal(eddy_version_string(), expected);
}

static void loop_has_the_size_of_the_headers(void **state)
{
    (void) state;
    assert_int_equal(eddy_loop_size(), sizeof(eddy_loop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(string_is_that_of_the_macros),
        cmocka_unit_test(loop_has_the_size_of_the_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
