/* SPDX-License-Identifier: MIT */
/* The files of scenarios/lwip: whether a wrong byte would be noticed. */
#include "file.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BYTES 4099

static const struct file file = {.key = 0x0123456789abcdef, .bytes = BYTES};

/* Pieces of any size and place are the same bytes as the whole. */
START_TEST(pieces_are_the_whole)
{
    unsigned char whole[BYTES], piece[BYTES];

    file_fill(&file, 0, whole, sizeof whole);
    ck_assert_uint_eq(file_check(&file, 0, whole, sizeof whole), sizeof whole);
    for (size_t offset = 0; offset < BYTES; offset += 97) {
        const size_t size = offset % 1461 < BYTES - offset ? offset % 1461 : BYTES - offset;
        file_fill(&file, offset, piece, size);
        ck_assert_mem_eq(piece, whole + offset, size);
    }
}
END_TEST

/* One bit that is wrong is found, wherever it is. */
START_TEST(wrong_bits_are_found)
{
    unsigned char whole[BYTES];

    file_fill(&file, 0, whole, sizeof whole);
    for (size_t i = 0; i < BYTES; i++) {
        whole[i] ^= (unsigned char)(1 << i % 8);
        ck_assert_uint_eq(file_check(&file, 0, whole, sizeof whole), i);
        whole[i] ^= (unsigned char)(1 << i % 8);
    }
}
END_TEST

/* Bytes of another place of the file, or of another file, are found within a few. */
START_TEST(foreign_bytes_are_found)
{
    const struct file other = {.key = file.key + 1, .bytes = BYTES};
    unsigned char bytes[BYTES];

    for (uint64_t distance = 1; distance < 20000; distance += 1 + distance / 3) {
        file_fill(&file, distance, bytes, sizeof bytes);
        ck_assert_uint_lt(file_check(&file, 0, bytes, sizeof bytes), 4);
    }
    file_fill(&other, 0, bytes, sizeof bytes);
    ck_assert_uint_lt(file_check(&file, 0, bytes, sizeof bytes), 4);
}
END_TEST

/* A header comes back as it was, and is none if any bit of it is wrong. */
START_TEST(headers_come_back)
{
    unsigned char header[FILE_HEADER_BYTES];
    struct file decoded;

    file_encode(&file, header);
    ck_assert(file_decode(&decoded, header));
    ck_assert_uint_eq(decoded.key, file.key);
    ck_assert_uint_eq(decoded.bytes, file.bytes);
    for (size_t bit = 0; bit < 8 * sizeof header; bit++) {
        header[bit / 8] ^= (unsigned char)(1 << bit % 8);
        ck_assert(!file_decode(&decoded, header));
        header[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lwip_file");
    TCase *tests = tcase_create("file");

    tcase_add_test(tests, pieces_are_the_whole);
    tcase_add_test(tests, wrong_bits_are_found);
    tcase_add_test(tests, foreign_bytes_are_found);
    tcase_add_test(tests, headers_come_back);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
