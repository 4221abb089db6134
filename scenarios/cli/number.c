/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads `length` bytes as a number. strtoull alone would take signs and blanks. */
static bool parse_part(const char *text, size_t length, uint64_t *out)
{
    char part[32];
    if (length == 0 || length >= sizeof part || !isdigit((unsigned char)text[0]))
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    bool hex = part[0] == '0' && (part[1] == 'x' || part[1] == 'X');
    if (hex && !isxdigit((unsigned char)part[2]))
        return false;
    char *end;
    errno = 0;
    *out = strtoull(part, &end, hex ? 16 : 10);
    return errno == 0 && *end == '\0';
}

bool cli_parse_u64(const char *text, uint64_t *out)
{
    return parse_part(text, strlen(text), out);
}

bool cli_parse_u64_pair(const char *text, const char *separator, uint64_t *a, uint64_t *b)
{
    const char *at = strstr(text, separator);
    return at != NULL && parse_part(text, (size_t)(at - text), a) &&
           cli_parse_u64(at + strlen(separator), b);
}

bool cli_parse_u64_range(const char *text, uint64_t *first, uint64_t *last)
{
    return cli_parse_u64_pair(text, "..", first, last) && *first <= *last;
}

bool cli_parse_digest(const char *text, uint64_t *out)
{
    if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16)
        return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

const char *cli_group_digits(uint64_t value, char text[static 32])
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    char *at = text;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return text;
}

uint64_t cli_per_mille(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (uint64_t)((unsigned __int128)part * 1000 / whole);
}

uint64_t cli_per_second(uint64_t amount, int64_t ns)
{
    return ns <= 0 ? 0 : (uint64_t)((unsigned __int128)amount * 1000000000 / (uint64_t)ns);
}
