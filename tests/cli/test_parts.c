/* SPDX-License-Identifier: MIT */
/* Parts of the command line program that have corners of their own. */
#include "scenarios/cli/json.h"
#include "scenarios/cli/number.h"
#include "scenarios/cli/path.h"
#include "scenarios/cli/signature.h"
#include "scenarios/cli/tally.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Paths lose ".", ".." and "//", and the current directory where they lie below it. */
START_TEST(test_path)
{
    static const struct {
        const char *folder, *path, *expected;
    } cases[] = {
        {"/build", "../src/./a.c", "/src/a.c"}, {"/build", "/src//b//a.c", "/src/b/a.c"},
        {"/a/b/c", "../../../../x.c", "/x.c"},  {"", "../x/../../a.c", "../../a.c"},
        {"/tmp", "sub/a.c", "sub/a.c"},         {"/tmp/sub", "../a.c", "a.c"},
        {"/tmpfoo", "a.c", "/tmpfoo/a.c"},      {"/build", "", ""},
    };
    ck_assert_int_eq(chdir("/tmp"), 0);
    char *shortened = cli_path_shorten(cases[_i].folder, cases[_i].path);
    ck_assert_str_eq(shortened, cases[_i].expected);
    free(shortened);
}
END_TEST

/* A tally knows its minimum, lower median and maximum, in whatever order the values came. */
START_TEST(test_tally)
{
    struct cli_tally tally = {0};
    struct cli_tally_range range = cli_tally_range(&tally);
    ck_assert_uint_eq(range.max, 0);
    for (uint64_t i = 0; i < 1000; i++)
        ck_assert_int_eq(cli_tally_add(&tally, i * 7 % 1000 + 5), 0);
    range = cli_tally_range(&tally);
    ck_assert_uint_eq(range.min, 5);
    ck_assert_uint_eq(range.median, 504);
    ck_assert_uint_eq(range.max, 1004);
    ck_assert_int_eq(cli_tally_add(&tally, UINT64_MAX), 0);
    ck_assert_uint_eq(cli_tally_range(&tally).max, UINT64_MAX);
    ck_assert_uint_eq(cli_tally_range(&tally).median, 505);
    cli_tally_finish(&tally);
}
END_TEST

/* Numbers are taken whole or not at all. */
START_TEST(test_numbers)
{
    uint64_t a = 0, b = 0;
    char text[32];
    ck_assert(cli_parse_u64("18446744073709551615", &a) && a == UINT64_MAX);
    ck_assert(cli_parse_u64("0xff", &a) && a == 255);
    ck_assert(cli_parse_u64_range("3..3", &a, &b) && a == 3 && b == 3);
    ck_assert(cli_parse_digest("00000000000000fF", &a) && a == 255);
    static const char *const wrong[] = {"", " 1", "1 ", "-1", "+1", "1x", "0x", "0x-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!cli_parse_u64(wrong[i], &a), "'%s' was taken", wrong[i]);
    ck_assert(!cli_parse_u64_range("3", &a, &b));
    ck_assert(!cli_parse_u64_range("3..", &a, &b));
    ck_assert(!cli_parse_u64_range("3...4", &a, &b));
    ck_assert(!cli_parse_digest("0x000000000000ff", &a));
    ck_assert_str_eq(cli_group_digits(1234567, text), "1,234,567");
    ck_assert_str_eq(cli_group_digits(123, text), "123");
    ck_assert_uint_eq(cli_per_second(UINT64_MAX, 1000000000), UINT64_MAX);
}
END_TEST

/* JSON texts escape what they must and are UTF-8 whatever came in. */
START_TEST(test_json)
{
    char *text;
    size_t size;
    struct cli_json json;
    FILE *file = open_memstream(&text, &size);
    cli_json_begin(&json, file);
    cli_json_open(&json, NULL, '[');
    cli_json_text(&json, NULL, "a\"b\\c\n\t\x01");
    cli_json_text(&json, NULL, "\xc3\xa9 \xff \xed\xa0\x80 \xc3");
    cli_json_close(&json, ']');
    fclose(file);
    ck_assert_str_eq(text,
                     "[\"a\\\"b\\\\c\\n\\u0009\\u0001\",\"\xc3\xa9 \\ufffd \\ufffd\\ufffd\\ufffd "
                     "\\ufffd\"]");
    free(text);
}
END_TEST

static uint64_t signature_of(enum job_finding kind, const char *subject,
                             const char *const functions[], size_t count)
{
    static struct job_result result;
    struct cli_frame frames[8];
    memset(&result, 0, sizeof result);
    result.finding = kind;
    strcpy(result.subject, subject);
    for (size_t i = 0; i < count; i++)
        frames[i] = (struct cli_frame){
            .function = functions[i],
            .owner = functions[i][0] == '_' ? CLI_FRAME_STEELMILL : CLI_FRAME_USER,
            .address = (uint64_t)rand(),
        };
    return cli_signature(&result, frames, count);
}

/* A signature names the failure: not its addresses, steelmill's frames or the compiler's suffixes.
 */
START_TEST(test_signature)
{
    const char *const plain[] = {"_check", "write", "loop"};
    const char *const cloned[] = {"_check", "_more", "write.part.0", "loop"};
    const char *const other[] = {"_check", "read", "loop"};
    uint64_t signature = signature_of(JOB_FINDING_PROPERTY, "p", plain, 3);
    ck_assert_uint_eq(signature, signature_of(JOB_FINDING_PROPERTY, "p", cloned, 4));
    ck_assert_uint_ne(signature, signature_of(JOB_FINDING_PROPERTY, "p", other, 3));
    ck_assert_uint_ne(signature, signature_of(JOB_FINDING_PROPERTY, "q", plain, 3));
    ck_assert_uint_ne(signature, signature_of(JOB_FINDING_SIGNAL, "p", plain, 3));
}
END_TEST

/* Where a recursion overflowed its stack, or a loop was stopped, is luck: it is one finding. */
START_TEST(test_signature_of_luck)
{
    const char *const odd[] = {"left", "right", "left", "walk", "loop", "main"};
    const char *const even[] = {"right", "left", "right", "walk", "loop", "main"};
    ck_assert_uint_eq(signature_of(JOB_FINDING_OVERFLOW, "s", odd, 6),
                      signature_of(JOB_FINDING_OVERFLOW, "s", even, 6));
    ck_assert_uint_eq(signature_of(JOB_FINDING_SPIN, "s", odd, 6),
                      signature_of(JOB_FINDING_SPIN, "s", even, 6));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli-parts");
    TCase *tests = tcase_create("parts");
    tcase_add_loop_test(tests, test_path, 0, 8);
    tcase_add_test(tests, test_tally);
    tcase_add_test(tests, test_numbers);
    tcase_add_test(tests, test_json);
    tcase_add_test(tests, test_signature);
    tcase_add_test(tests, test_signature_of_luck);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
