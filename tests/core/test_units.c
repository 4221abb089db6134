/* SPDX-License-Identifier: MIT */
/* Numbers with units, suggestions, and the texts of errors. */
#include "core/units.h"
#include "tests/suite.h"

#include <steelmill/errors.h>

#include <check.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct sample {
    const char *text;
    int result;
    int64_t value;
};

/* Durations are exact in nanoseconds, with fractions; what is no whole nanosecond is refused. */
START_TEST(durations)
{
    static const struct sample samples[] = {
        {"5s", 0, 5 * SM_S},
        {"1.5s", 0, 1500 * SM_MS},
        {"1.50s", 0, 1500 * SM_MS},
        {"10ms", 0, 10 * SM_MS},
        {"20us", 0, 20 * SM_US},
        {"7ns", 0, 7},
        {"2m", 0, 120 * SM_S},
        {"1h", 0, 3600 * SM_S},
        {"0.000000001s", 0, 1},
        {"0", 0, 0},
        {"0s", 0, 0},
        {"9223372036854775807ns", 0, INT64_MAX},
        {"9223372036854775808ns", -ERANGE, 0},
        {"9223372036.854775807s", 0, INT64_MAX},
        {"9223372036.854775808s", -ERANGE, 0},
        {"0.5ns", -ERANGE, 0},
        {"0.0000000001s", -ERANGE, 0},
        {"0.3333333333333333333333s", -ERANGE, 0},
        {"1.0000000000000000000000s", 0, SM_S},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"5", -EINVAL, 0},
        {"00", -EINVAL, 0},
        {"5 s", -EINVAL, 0},
        {" 5s", -EINVAL, 0},
        {"5s ", -EINVAL, 0},
        {"-5s", -EINVAL, 0},
        {"+5s", -EINVAL, 0},
        {".5s", -EINVAL, 0},
        {"5.s", -EINVAL, 0},
        {"5S", -EINVAL, 0},
        {"1h30m", -EINVAL, 0},
        {"99999999999999999999x", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        sm_time value = 42;
        ck_assert_msg(sm__parse_duration(samples[i].text, &value) == samples[i].result, "%s",
                      samples[i].text);
        ck_assert_msg(value == (samples[i].result ? 42 : samples[i].value), "%s", samples[i].text);
    }
}
END_TEST

/* Sizes know powers of 2 and of 10, and are whole bytes. */
START_TEST(bytes)
{
    static const struct sample samples[] = {
        {"1000", 0, 1000},
        {"0", 0, 0},
        {"5B", 0, 5},
        {"64KiB", 0, 65536},
        {"1MiB", 0, 1 << 20},
        {"1.5MiB", 0, 3 << 19},
        {"2GiB", 0, INT64_C(2) << 30},
        {"5kB", 0, 5000},
        {"1MB", 0, 1000000},
        {"0.0005kB", -ERANGE, 0},
        {"8388608TiB", -ERANGE, 0},
        {"1KB", -EINVAL, 0},
        {"1K", -EINVAL, 0},
        {"many", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        int64_t value = 42;
        ck_assert_msg(sm__parse_bytes(samples[i].text, &value) == samples[i].result, "%s",
                      samples[i].text);
        ck_assert_msg(value == (samples[i].result ? 42 : samples[i].value), "%s", samples[i].text);
    }
}
END_TEST

/* Shares are whole parts per million, up to 100%. */
START_TEST(shares)
{
    static const struct sample samples[] = {
        {"0.1%", 0, 1000},   {"5%", 0, 50000},  {"100%", 0, 1000000},     {"0%", 0, 0},
        {"0", 0, 0},         {"0.0001%", 0, 1}, {"0.00001%", -ERANGE, 0}, {"100.1%", -ERANGE, 0},
        {"0.5", -EINVAL, 0}, {"%", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        uint32_t value = 42;
        ck_assert_msg(sm__parse_share_ppm(samples[i].text, &value) == samples[i].result, "%s",
                      samples[i].text);
        ck_assert_msg(value == (samples[i].result ? 42 : samples[i].value), "%s", samples[i].text);
    }
}
END_TEST

/* Whole numbers reach both ends of the range and not beyond; words of truth are those of YAML. */
START_TEST(numbers_and_truth)
{
    static const struct sample samples[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"42", 0, 42},
        {"-42", 0, -42},
        {"9223372036854775807", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"9223372036854775808", -ERANGE, 0},
        {"-9223372036854775809", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"-", -EINVAL, 0},
        {"1.5", -EINVAL, 0},
        {"0x10", -EINVAL, 0},
        {"many", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        int64_t value = 7;
        ck_assert_msg(sm__parse_i64(samples[i].text, &value) == samples[i].result, "%s",
                      samples[i].text);
        ck_assert_msg(value == (samples[i].result ? 7 : samples[i].value), "%s", samples[i].text);
    }
    static const char *const truths[] = {"true", "yes", "on", "false", "no", "off"};
    for (size_t i = 0; i < COUNT(truths); i++) {
        bool value = i >= 3;
        ck_assert_int_eq(sm__parse_bool(truths[i], &value), 0);
        ck_assert(value == (i < 3));
    }
    bool value = true;
    ck_assert_int_eq(sm__parse_bool("True", &value), -EINVAL);
    ck_assert_int_eq(sm__parse_bool("1", &value), -EINVAL);
}
END_TEST

/* A duration is written with the largest unit that is exact, and reads back as itself. */
START_TEST(formatting)
{
    static const struct sample samples[] = {
        {"0s", 0, 0},           {"5s", 0, 5 * SM_S},       {"1500ms", 0, 1500 * SM_MS},
        {"90s", 0, 90 * SM_S},  {"2m", 0, 120 * SM_S},     {"3h", 0, 3 * 3600 * SM_S},
        {"1001us", 0, 1001000}, {"1000001ns", 0, 1000001}, {"9223372036854775807ns", 0, INT64_MAX},
    };
    for (size_t i = 0; i < COUNT(samples); i++) {
        char text[32];
        sm_time back;
        int length = sm__format_duration(text, sizeof text, samples[i].value);
        ck_assert_str_eq(text, samples[i].text);
        ck_assert_int_eq(length, (int)strlen(text));
        ck_assert_int_eq(sm__parse_duration(text, &back), 0);
        ck_assert_int_eq(back, samples[i].value);
    }
    char text[32];
    sm__format_duration(text, sizeof text, -5 * SM_S);
    ck_assert_str_eq(text, "-5s");
}
END_TEST

/* A typo finds its word, the first of equals; a different word finds none. */
START_TEST(suggestions)
{
    static const char *const words[] = {"lock_server", "lock_client", "store", "at", "of"};
    ck_assert_str_eq(sm__suggest("lock_sever", words, COUNT(words)), "lock_server");
    ck_assert_str_eq(sm__suggest("lokc_client", words, COUNT(words)), "lock_client");
    ck_assert_str_eq(sm__suggest("stroe", words, COUNT(words)), "store");
    ck_assert_str_eq(sm__suggest("sstore", words, COUNT(words)), "store");
    ck_assert_str_eq(sm__suggest("store", words, COUNT(words)), "store");
    ck_assert_str_eq(sm__suggest("a", words, COUNT(words)), "at");
    ck_assert_ptr_null(sm__suggest("broker", words, COUNT(words)));
    ck_assert_ptr_null(sm__suggest("", words, COUNT(words)));
    ck_assert_ptr_null(sm__suggest("store", words, 0));
    char longest[80];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    ck_assert_ptr_null(sm__suggest(longest, words, COUNT(words)));
}
END_TEST

/* Every error has an English text, whatever its sign and the locale. */
START_TEST(error_texts)
{
    setlocale(LC_ALL, "");
    ck_assert_str_eq(sm_strerror(0), "success");
    ck_assert_str_eq(sm_strerror(-EADDRINUSE), "address in use");
    ck_assert_str_eq(sm_strerror(EADDRINUSE), "address in use");
    ck_assert_str_eq(sm_strerror(-SM_ELOST), "the lease is lost");
    ck_assert_str_eq(sm_strerror(INT_MIN), "unknown error");
    ck_assert_str_eq(sm_strerror(INT_MAX), "unknown error");
    for (int error = 1; error < 5100; error++) {
        bool known = strerrorname_np(error) || (error > 5000 && error < SM_ERROR_END_);
        ck_assert_msg((strcmp(sm_strerror(-error), "unknown error") != 0) == known, "%d", error);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("units");
    TCase *all = tcase_create("units");
    tcase_add_test(all, durations);
    tcase_add_test(all, bytes);
    tcase_add_test(all, shares);
    tcase_add_test(all, numbers_and_truth);
    tcase_add_test(all, formatting);
    tcase_add_test(all, suggestions);
    tcase_add_test(all, error_texts);
    suite_add_tcase(suite, all);
    return suite_run(suite);
}
