/* SPDX-License-Identifier: MIT */
#include "scenarios/file/quote.h"

#include <stdbool.h>
#include <string.h>

const char *scn_quote(char buffer[SCN_QUOTE_BYTES], const char *text)
{
    const size_t room = SCN_QUOTE_BYTES - sizeof "''..." + 1;
    size_t length = strlen(text), used = 0;
    bool cut = length >= room;
    if (cut) { /* not in the middle of a character */
        length = room - 1;
        while (length > 0 && (text[length] & 0xc0) == 0x80)
            length--;
    }
    buffer[used++] = '\'';
    for (size_t i = 0; i < length; i++)
        buffer[used++] = (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
    if (cut)
        for (int i = 0; i < 3; i++)
            buffer[used++] = '.';
    buffer[used++] = '\'';
    buffer[used] = '\0';
    return buffer;
}
