/* SPDX-License-Identifier: MIT */
/* Log lines, as text and as JSON, compared with what a reader expects. */
#include "core/factory.h"
#include "core/log.h"
#include "tests/core/probe.h"

static struct sm_factory *factory;
static struct sm_log *logger;

/* Runs a body on machine m1, which has a factory with a log, and hands out what was logged. */
static const char *logged_by(tw_body body, bool json, int level)
{
    static struct tw tw;
    struct sim_options options = {.seed = 1, .log_level = level, .log_json = json};
    tw_create(&tw, 1, &options, body, NULL);
    tw_run(&tw, SM_FOREVER);
    ck_assert_msg(tw.failure.kind == 0, "%s", tw.failure.text);
    tw_destroy(&tw);
    return tw.log;
}

static void make(void)
{
    ck_assert_int_eq(sm_factory_create(&factory, NULL, "f"), 0);
    logger = sm_log_get(factory);
    ck_assert_ptr_nonnull(logger);
}

/* ---- one line of each kind ---- */

struct client {
    int unused;
};

static int client_run(void *self)
{
    (void)self;
    sm_log_info(logger, "lease acquired", sm_u64("token", 3), sm_str("key", "a b"));
    sm_log_warn(logger, "no fields");
    return 0;
}

static const struct sm_daemon_type client_daemon = {SM_DAEMON_HEAD(client), .run = client_run};

static int log_from_a_daemon(void *arg, struct sim_machine *machine)
{
    void *instance;
    (void)arg, (void)machine;
    make();
    ck_assert_int_eq(sm_factory_get(factory, &client_daemon, &instance), 0);
    sm_sleep_until(12345678901);
    ck_assert_int_eq(sm_factory_start(factory, SM_FOREVER), 0);
    ck_assert_int_eq(sm_factory_wait(factory, SM_FOREVER), 0);
    sm_log_error(logger, "from the boot task");
    ck_assert_int_eq(sm_factory_stop(factory, SM_FOREVER), 0);
    sm_factory_destroy(factory);
    return 0;
}

/* Time, machine, daemon and level stand in columns before the message. */
START_TEST(text_lines)
{
    ck_assert_str_eq(logged_by(log_from_a_daemon, false, SM_LOG_TRACE),
                     "   12.345678901 m1/client INFO  lease acquired token=3 key=\"a b\"\n"
                     "   12.345678901 m1/client WARN  no fields\n"
                     "   12.345678901 m1 ERROR from the boot task\n");
}
END_TEST

/* A line is one JSON object, with the fields in an object of their own. */
START_TEST(json_lines)
{
    ck_assert_str_eq(
        logged_by(log_from_a_daemon, true, SM_LOG_TRACE),
        "{\"time_ns\":12345678901,\"machine\":\"m1\",\"daemon\":\"client\",\"task\":\"client\","
        "\"level\":\"info\",\"message\":\"lease acquired\",\"fields\":{\"token\":3,"
        "\"key\":\"a b\"}}\n"
        "{\"time_ns\":12345678901,\"machine\":\"m1\",\"daemon\":\"client\",\"task\":\"client\","
        "\"level\":\"warn\",\"message\":\"no fields\",\"fields\":{}}\n"
        "{\"time_ns\":12345678901,\"machine\":\"m1\",\"daemon\":\"\",\"task\":\"boot\","
        "\"level\":\"error\",\"message\":\"from the boot task\",\"fields\":{}}\n");
}
END_TEST

/* Lines above the chosen level are not made at all. */
START_TEST(levels)
{
    ck_assert_str_eq(logged_by(log_from_a_daemon, false, SM_LOG_ERROR),
                     "   12.345678901 m1 ERROR from the boot task\n");
}
END_TEST

/* ---- values ---- */

static int log_values(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    make();
    sm_log_info(logger, "numbers", sm_i64("min", INT64_MIN), sm_u64("max", UINT64_MAX),
                sm_hex("hex", 0xbeef));
    sm_log_info(logger, "texts", sm_str("bare", "a/b-c"), sm_str("empty", ""), sm_str("none", NULL),
                sm_str("null", "null"), sm_str("odd", "\"\\\n\t\x01\x7f="));
    sm_log_info(logger, "utf-8", sm_str("good", "\u00fc\u20ac\U0001f600"),
                sm_str("bad", "a\xff\xc3(\xed\xa0\x80\xc0\x80\xf5\xe2\x82"));
    sm_factory_destroy(factory);
    return 0;
}

/* Text quotes what would be ambiguous, and escapes what a terminal must not see. */
START_TEST(text_values)
{
    ck_assert_str_eq(
        logged_by(log_values, false, SM_LOG_TRACE),
        "    0.000000000 m1 INFO  numbers min=-9223372036854775808 max=18446744073709551615 "
        "hex=0xbeef\n"
        "    0.000000000 m1 INFO  texts bare=a/b-c empty=\"\" none=null null=\"null\" "
        "odd=\"\\\"\\\\\\n\\t\\x01\\x7f=\"\n"
        "    0.000000000 m1 INFO  utf-8 good=\"\u00fc\u20ac\U0001f600\" "
        "bad=\"a\\xff\\xc3(\\xed\\xa0\\x80\\xc0\\x80\\xf5\\xe2\\x82\"\n");
}
END_TEST

/* JSON stays valid whatever the bytes are. */
START_TEST(json_values)
{
    const char *lines = logged_by(log_values, true, SM_LOG_TRACE);
    ck_assert(strstr(lines, "\"fields\":{\"min\":-9223372036854775808,"
                            "\"max\":18446744073709551615,\"hex\":\"0xbeef\"}}\n"));
    ck_assert(strstr(lines, "\"fields\":{\"bare\":\"a/b-c\",\"empty\":\"\",\"none\":null,"
                            "\"null\":\"null\",\"odd\":\"\\\"\\\\\\n\\t\\u0001\\u007f=\"}}\n"));
    ck_assert(strstr(lines, "\"good\":\"\u00fc\u20ac\U0001f600\",\"bad\":\"a\\ufffd\\ufffd("
                            "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"}}\n"));
}
END_TEST

/* ---- lines that are too long ---- */

static char long_text[4096];
static size_t padding;

static int log_long(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    make();
    memset(long_text, 'x', sizeof long_text - 1);
    sm_log_info(logger, "long", sm_str("text", long_text), sm_u64("lost", 1));
    sm_factory_destroy(factory);
    return 0;
}

/* A line that is too long says so, and still ends in a line feed. */
START_TEST(cut_text)
{
    const char *line = logged_by(log_long, false, SM_LOG_TRACE);
    ck_assert_uint_le(strlen(line), 2048);
    ck_assert_ptr_nonnull(strstr(line, "long "));
    ck_assert_str_eq(line + strlen(line) - 4, "...\n");
}
END_TEST

/* The same for JSON, which ends as a valid object. */
START_TEST(cut_json)
{
    const char *line = logged_by(log_long, true, SM_LOG_TRACE);
    const char *end = "xxx...\"},\"truncated\":true}\n";
    ck_assert_uint_le(strlen(line), 2048);
    ck_assert_str_eq(line + strlen(line) - strlen(end), end);
}
END_TEST

static int log_padded(void *arg, struct sim_machine *machine)
{
    (void)arg, (void)machine;
    make();
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[padding] = '\0';
    sm_log_info(logger, "m", sm_str("pad", long_text), sm_str("escapes", "\x01\x02\x03"),
                sm_i64("number", 12345), sm_hex("hex", 1), sm_str("last", "end"));
    sm_factory_destroy(factory);
    return 0;
}

/* Is it one JSON object of strings, numbers and objects? */
static bool is_json_object(const char *text, const char **end)
{
    if (*text++ != '{')
        return false;
    while (*text != '}') {
        if (*text++ != '"')
            return false;
        text += strcspn(text, "\"");
        if (strncmp(text, "\":", 2) != 0)
            return false;
        text += 2;
        size_t digits = strspn(text, "0123456789");
        if (*text == '{') {
            if (!is_json_object(text, &text))
                return false;
        } else if (*text == '"') {
            for (text++; *text && *text != '"'; text++)
                text += *text == '\\';
            text += *text == '"';
        } else if (strncmp(text, "true", 4) == 0) {
            text += 4;
        } else {
            text += digits;
            if (!digits)
                return false;
        }
        if (*text != ',' && *text != '}')
            return false;
        text += *text == ',';
    }
    *end = text + 1;
    return true;
}

/* Wherever the cut falls, in a name, a number or an escape, the object is whole. */
START_TEST(cut_anywhere)
{
    for (padding = 1800; padding < 2048; padding++) {
        const char *line = logged_by(log_padded, true, SM_LOG_TRACE), *end;
        ck_assert_msg(is_json_object(line, &end) && strcmp(end, "\n") == 0, "%zu: %s", padding,
                      line);
        bool whole = strstr(line, "\"last\":\"end\"}}\n");
        ck_assert_msg(whole != !!strstr(line, "\"truncated\":true}\n"), "%zu: %s", padding, line);
    }
}
END_TEST

/* Elsewhere fields look as they do in the log; what has no room is left out as a whole. */
START_TEST(fields_elsewhere)
{
    const struct sm_field fields[] = {sm_i64("n", -7),
                                      sm_str("text", "two \"words\""),
                                      sm_str("none", NULL),
                                      {.kind = SM_FIELD_END}};
    static const char whole[] = " n=-7 text=\"two \\\"words\\\"\" none=null";
    char text[64];

    ck_assert_uint_eq(sm__log_fields_print(text, sizeof text, fields), sizeof whole - 1);
    ck_assert_str_eq(text, whole);
    ck_assert_uint_eq(sm__log_fields_print(text, sizeof whole, fields), sizeof whole - 1);
    ck_assert_str_eq(text, whole);
    ck_assert_uint_eq(sm__log_fields_print(text, sizeof whole - 1, fields),
                      sizeof whole - 1 - strlen(" none=null"));
    ck_assert_str_eq(text, " n=-7 text=\"two \\\"words\\\"\"");
    ck_assert_uint_eq(sm__log_fields_print(text, 1, fields), 0);
    ck_assert_uint_eq(sm__log_fields_print(text, sizeof text, NULL), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_lines, json_lines, levels,       text_values,      json_values,
        cut_text,   cut_json,   cut_anywhere, fields_elsewhere,
    };
    return probe_main("log", tests, sizeof tests / sizeof tests[0]);
}
