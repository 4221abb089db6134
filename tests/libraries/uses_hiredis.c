/* SPDX-License-Identifier: MIT */
/* hiredis: its protocol and strings, and connections. */
#include "uses.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

/* Commands are formatted, and replies are parsed from whatever stream they come by. */
static void hiredis_parser(void)
{
    static const char bytes[] = "*2\r\n$5\r\nhello\r\n:42\r\n";
    char *command;
    redisReader *reader = redisReaderCreate();
    redisReply *reply = NULL;

    const int size = redisFormatCommand(&command, "SET %s %d", "key", 42);
    expect(size == 30 && strcmp(command, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$2\r\n42\r\n") == 0);
    redisFreeCommand(command);
    for (size_t i = 0; i + 1 < sizeof bytes; i++) {
        expect(reply == NULL);
        expect(redisReaderFeed(reader, bytes + i, 1) == REDIS_OK);
        expect(redisReaderGetReply(reader, (void **)&reply) == REDIS_OK);
        sm_sleep(SM_MS);
    }
    expect(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
    expect(strcmp(reply->element[0]->str, "hello") == 0 && reply->element[1]->integer == 42);
    freeReplyObject(reply);
    redisReaderFree(reader);
}

/* Its own sockets end the run. */
static void hiredis_connect(void)
{
    redisFree(redisConnect("127.0.0.1", 6379));
}

const struct use hiredis_uses[] = {
    {"hiredis_parser", hiredis_parser}, {"hiredis_connect", hiredis_connect}, {NULL, NULL}};
