/* SPDX-License-Identifier: MIT */
/* libuv: what it knows of the system, and its loop. */
#include "uses.h"

#include <string.h>
#include <uv.h>

/* What libuv says of time, names, memory and randomness is the machine's. */
static void uv_system(void)
{
    char name[64], bytes[16];
    size_t size = sizeof name;
    uv_timeval64_t now;

    expect(uv_hrtime() == (uint64_t)sm_now());
    expect(uv_gettimeofday(&now) == 0 && now.tv_sec == sm_wall_now() / SM_S);
    expect(uv_os_gethostname(name, &size) == 0 && strcmp(name, sm_machine_name()) == 0);
    expect(uv_os_getpid() == 1001);
    expect(uv_random(NULL, NULL, bytes, sizeof bytes, 0, NULL) == 0);
    size = sizeof name;
    expect(uv_os_setenv("OF", sm_machine_name()) == 0);
    uv_sleep(100);
    expect(uv_os_getenv("OF", name, &size) == 0 && strcmp(name, sm_machine_name()) == 0);
    expect(sm_now() == 1600 * SM_MS);
}

/* A loop waits with the kernel's own means, also for timers: it ends the run. */
static void uv_loop(void)
{
    uv_loop_t loop;

    if (uv_loop_init(&loop) == 0)
        uv_run(&loop, UV_RUN_DEFAULT);
}

const struct use uv_uses[] = {{"uv_system", uv_system}, {"uv_loop", uv_loop}, {NULL, NULL}};
