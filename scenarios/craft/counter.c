/* SPDX-License-Identifier: MIT */
#include "counter.h"

#include "bytes.h"

void craft_command_encode(const struct craft_command *command, uint8_t *out)
{
    out = craft_put_u64(out, command->operation);
    out = craft_put_u64(out, command->session);
    out = craft_put_u64(out, command->number);
    craft_put_u64(out, (uint64_t)command->amount);
}

bool craft_command_decode(const uint8_t *bytes, size_t size, struct craft_command *out)
{
    struct craft_reader reader = {bytes, bytes + size, false};
    out->operation = craft_get_u64(&reader);
    out->session = craft_get_u64(&reader);
    out->number = craft_get_u64(&reader);
    out->amount = (int64_t)craft_get_u64(&reader);
    return !reader.bad && out->operation >= CRAFT_ADD && out->operation <= CRAFT_REMOVE;
}

void craft_answer_encode(const struct craft_answer *answer, uint8_t *out)
{
    out = craft_put_u64(out, answer->status);
    out = craft_put_u64(out, answer->leader);
    out = craft_put_u64(out, answer->number);
    out = craft_put_u64(out, (uint64_t)answer->total);
    craft_put_u64(out, (uint64_t)answer->value);
}

void craft_answer_decode(const uint8_t *bytes, struct craft_answer *out)
{
    struct craft_reader reader = {bytes, bytes + CRAFT_ANSWER_BYTES, false};
    out->status = craft_get_u64(&reader);
    out->leader = craft_get_u64(&reader);
    out->number = craft_get_u64(&reader);
    out->total = (int64_t)craft_get_u64(&reader);
    out->value = (int64_t)craft_get_u64(&reader);
}
