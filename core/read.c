/* SPDX-License-Identifier: MIT */
/* Read sections: a count per task, or per thread that runs none. The waiting is the writers'. */
#include "core/task.h"

#include <steelmill/read.h>

static __thread uint32_t sections_outside __attribute__((tls_model("initial-exec")));

void sm_read_begin(void)
{
    if (SM_LIKELY(sm__current != NULL)) {
        sm__current->sections++;
        return;
    }
    SM_ASSERT_MSG(sm__thread_may_read(), "a read section on a thread that is no reader");
    sections_outside++;
}

void sm_read_end(void)
{
    if (SM_LIKELY(sm__current != NULL)) {
        SM_ASSERT_MSG(sm__current->sections > 0, "a read section ends that has not begun");
        sm__current->sections--;
        return;
    }
    SM_ASSERT_MSG(sections_outside > 0, "a read section ends that has not begun");
    sections_outside--;
}
