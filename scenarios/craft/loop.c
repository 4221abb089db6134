/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <assert.h>

#define INBOX_CAPACITY 256

int craft_loop_init(struct craft_loop *loop)
{
    loop->first = NULL;
    loop->last = &loop->first;
    loop->inside = false;
    return sm_channel_create(&loop->inbox, INBOX_CAPACITY, sizeof(struct craft_work));
}

void craft_loop_finish(struct craft_loop *loop, void (*drop)(const struct craft_work *work))
{
    struct craft_work work;
    if (!loop->inbox)
        return;
    while (sm_channel_count(loop->inbox) > 0 && sm_channel_receive(loop->inbox, &work, 0) == 0)
        drop(&work);
    sm_channel_destroy(loop->inbox);
    loop->inbox = NULL;
}

int craft_loop_post(struct craft_loop *loop, const struct craft_work *work)
{
    return sm_channel_send(loop->inbox, work, SM_FOREVER);
}

void craft_loop_done(struct craft_loop *loop, struct craft_done *done)
{
    done->next = NULL;
    *loop->last = done;
    loop->last = &done->next;
}

void craft_loop_wake(struct craft_loop *loop)
{
    const struct craft_work wake = {.kind = CRAFT_WORK_WAKE};
    if (sm_channel_count(loop->inbox) == 0)
        craft_loop_post(loop, &wake);
}

void craft_loop_enter(struct craft_loop *loop)
{
    assert(!loop->inside);
    loop->inside = true;
}

void craft_loop_leave(struct craft_loop *loop)
{
    assert(loop->inside);
    loop->inside = false;
}

void craft_loop_fire(struct craft_loop *loop)
{
    while (loop->first) {
        struct craft_done *done = loop->first;
        loop->first = done->next;
        if (!loop->first)
            loop->last = &loop->first;
        craft_loop_enter(loop);
        done->fire(done);
        craft_loop_leave(loop);
    }
}
