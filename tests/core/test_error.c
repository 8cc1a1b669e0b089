/* SPDX-License-Identifier: MIT */
/*
 * Error codes: every name that eddy/error.h defines has a name and a message
 * of its own, and nothing else has.
 */
#include "support/test.h"

#include <limits.h>
#include <string.h>

struct code {
    int code;
    const char *name;
};

static const struct code codes[] = {
    {EDDY_E2BIG, "E2BIG"},
    {EDDY_EACCES, "EACCES"},
    {EDDY_EADDRINUSE, "EADDRINUSE"},
    {EDDY_EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {EDDY_EAFNOSUPPORT, "EAFNOSUPPORT"},
    {EDDY_EAGAIN, "EAGAIN"},
    {EDDY_EALREADY, "EALREADY"},
    {EDDY_EBADF, "EBADF"},
    {EDDY_EBUSY, "EBUSY"},
    {EDDY_ECANCELED, "ECANCELED"},
    {EDDY_ECHILD, "ECHILD"},
    {EDDY_ECONNABORTED, "ECONNABORTED"},
    {EDDY_ECONNREFUSED, "ECONNREFUSED"},
    {EDDY_ECONNRESET, "ECONNRESET"},
    {EDDY_EDESTADDRREQ, "EDESTADDRREQ"},
    {EDDY_EEXIST, "EEXIST"},
    {EDDY_EFAULT, "EFAULT"},
    {EDDY_EFBIG, "EFBIG"},
    {EDDY_EHOSTDOWN, "EHOSTDOWN"},
    {EDDY_EHOSTUNREACH, "EHOSTUNREACH"},
    {EDDY_EINTR, "EINTR"},
    {EDDY_EINVAL, "EINVAL"},
    {EDDY_EIO, "EIO"},
    {EDDY_EISCONN, "EISCONN"},
    {EDDY_EISDIR, "EISDIR"},
    {EDDY_ELOOP, "ELOOP"},
    {EDDY_EMFILE, "EMFILE"},
    {EDDY_EMLINK, "EMLINK"},
    {EDDY_EMSGSIZE, "EMSGSIZE"},
    {EDDY_ENAMETOOLONG, "ENAMETOOLONG"},
    {EDDY_ENETDOWN, "ENETDOWN"},
    {EDDY_ENETUNREACH, "ENETUNREACH"},
    {EDDY_ENFILE, "ENFILE"},
    {EDDY_ENOBUFS, "ENOBUFS"},
    {EDDY_ENODEV, "ENODEV"},
    {EDDY_ENOENT, "ENOENT"},
    {EDDY_ENOMEM, "ENOMEM"},
    {EDDY_ENOPROTOOPT, "ENOPROTOOPT"},
    {EDDY_ENOSPC, "ENOSPC"},
    {EDDY_ENOSYS, "ENOSYS"},
    {EDDY_ENOTCONN, "ENOTCONN"},
    {EDDY_ENOTDIR, "ENOTDIR"},
    {EDDY_ENOTEMPTY, "ENOTEMPTY"},
    {EDDY_ENOTSOCK, "ENOTSOCK"},
    {EDDY_ENOTSUP, "ENOTSUP"},
    {EDDY_ENOTTY, "ENOTTY"},
    {EDDY_ENXIO, "ENXIO"},
    {EDDY_EOVERFLOW, "EOVERFLOW"},
    {EDDY_EPERM, "EPERM"},
    {EDDY_EPIPE, "EPIPE"},
    {EDDY_EPROTO, "EPROTO"},
    {EDDY_EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    {EDDY_EPROTOTYPE, "EPROTOTYPE"},
    {EDDY_ERANGE, "ERANGE"},
    {EDDY_EROFS, "EROFS"},
    {EDDY_ESHUTDOWN, "ESHUTDOWN"},
    {EDDY_ESPIPE, "ESPIPE"},
    {EDDY_ESRCH, "ESRCH"},
    {EDDY_ETIMEDOUT, "ETIMEDOUT"},
    {EDDY_ETXTBSY, "ETXTBSY"},
    {EDDY_EXDEV, "EXDEV"},
    {EDDY_EOF, "EOF"},
};

enum { CODES = sizeof(codes) / sizeof(codes[0]) };

static const int strangers[] = {1, EINVAL, -1000, -4094, INT_MAX, INT_MIN};

static void each_code_has_its_name(void **state)
{
    (void) state;
    for (size_t i = 0; i < CODES; i++)
        assert_string_equal(eddy_err_name(codes[i].code), codes[i].name);
}

static void each_code_has_a_message_of_its_own(void **state)
{
    (void) state;
    for (size_t i = 0; i < CODES; i++) {
        const char *message = eddy_strerror(codes[i].code);

        assert_true(strlen(message) > 3);
        assert_string_not_equal(message, "unknown error");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(message, eddy_strerror(codes[k].code));
    }
}

static void other_numbers_are_unknown(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        assert_string_equal(eddy_err_name(strangers[i]), "UNKNOWN");
        assert_string_equal(eddy_strerror(strangers[i]), "unknown error");
    }
}

static void no_error_is_success(void **state)
{
    (void) state;
    assert_string_equal(eddy_err_name(0), "OK");
    assert_string_equal(eddy_strerror(0), "success");
}

static void strings_are_static(void **state)
{
    (void) state;
    assert_ptr_equal(eddy_strerror(EDDY_EBADF), eddy_strerror(EDDY_EBADF));
    assert_ptr_equal(eddy_err_name(EDDY_EBADF), eddy_err_name(EDDY_EBADF));
}

static void errno_of_either_sign_becomes_a_code(void **state)
{
    (void) state;
    assert_int_equal(eddy_from_errno(0), 0);
    assert_int_equal(eddy_from_errno(EINVAL), EDDY_EINVAL);
    assert_int_equal(eddy_from_errno(-EINVAL), EDDY_EINVAL);
    assert_int_equal(eddy_from_errno(9999), -9999);
    assert_true(eddy_from_errno(INT_MIN) < 0);
    assert_true(eddy_from_errno(INT_MAX) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_code_has_its_name),
        cmocka_unit_test(each_code_has_a_message_of_its_own),
        cmocka_unit_test(other_numbers_are_unknown),
        cmocka_unit_test(no_error_is_success),
        cmocka_unit_test(strings_are_static),
        cmocka_unit_test(errno_of_either_sign_becomes_a_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
