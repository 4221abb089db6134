/* SPDX-License-Identifier: MIT */
/*
 * Random numbers. What libc seeds with a constant (rand, random, drand48) gives each machine the
 * sequence that a fresh process would get; what the kernel seeds comes from the machine's stream
 * "libc".
 */
#include "sim/libc/libc.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#define EXPORT SM__LIBC_EXPORT

/* ---- rand, random ---- */

EXPORT long random(void)
{
    int32_t value;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(random)();
    random_r(&sim_libc_here()->random, &value);
    return value;
}

EXPORT int rand(void)
{
    return sim_libc_inside() ? (int)random() : SM__LIBC_REAL(rand)();
}

EXPORT void srandom(unsigned seed)
{
    if (sim_libc_inside())
        srandom_r(seed, &sim_libc_here()->random);
    else
        SM__LIBC_REAL(srandom)(seed);
}

EXPORT void srand(unsigned seed)
{
    if (sim_libc_inside())
        srandom(seed);
    else
        SM__LIBC_REAL(srand)(seed);
}

/* libc's functions hand out the start of a state: one word before the numbers. */
static char *state_start(const struct sim_libc *libc)
{
    return (char *)(libc->random.state - 1);
}

EXPORT char *initstate(unsigned seed, char *state, size_t size)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(initstate)(seed, state, size);
    struct sim_libc *libc = sim_libc_here();
    char *old = state_start(libc);
    return initstate_r(seed, state, size, &libc->random) ? NULL : old;
}

EXPORT char *setstate(char *state)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(setstate)(state);
    struct sim_libc *libc = sim_libc_here();
    char *old = state_start(libc);
    return setstate_r(state, &libc->random) ? NULL : old;
}

/* ---- drand48 and its kin ---- */

EXPORT double drand48(void)
{
    double value;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(drand48)();
    drand48_r(&sim_libc_here()->drand48, &value);
    return value;
}

EXPORT double erand48(unsigned short x[3])
{
    double value;

    if (!sim_libc_inside())
        return SM__LIBC_REAL(erand48)(x);
    erand48_r(x, &sim_libc_here()->drand48, &value);
    return value;
}

#define INTEGER48(name)                              \
    EXPORT long name(void)                           \
    {                                                \
        long value;                                  \
        if (!sim_libc_inside())                      \
            return SM__LIBC_REAL(name)();            \
        name##_r(&sim_libc_here()->drand48, &value); \
        return value;                                \
    }
#define INTEGER48_OF(name)                              \
    EXPORT long name(unsigned short x[3])               \
    {                                                   \
        long value;                                     \
        if (!sim_libc_inside())                         \
            return SM__LIBC_REAL(name)(x);              \
        name##_r(x, &sim_libc_here()->drand48, &value); \
        return value;                                   \
    }

INTEGER48(lrand48)
INTEGER48(mrand48)
INTEGER48_OF(nrand48)
INTEGER48_OF(jrand48)

EXPORT void srand48(long seed)
{
    if (sim_libc_inside())
        srand48_r(seed, &sim_libc_here()->drand48);
    else
        SM__LIBC_REAL(srand48)(seed);
}

EXPORT unsigned short *seed48(unsigned short seed[3])
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(seed48)(seed);
    seed48_r(seed, &sim_libc_here()->drand48);
    return sim_libc_here()->drand48.__old_x;
}

EXPORT void lcong48(unsigned short parameters[7])
{
    if (sim_libc_inside())
        lcong48_r(parameters, &sim_libc_here()->drand48);
    else
        SM__LIBC_REAL(lcong48)(parameters);
}

/* ---- the kernel's ---- */

EXPORT ssize_t getrandom(void *bytes, size_t size, unsigned flags)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getrandom)(bytes, size, flags);
    sm_random_bytes(&sim_libc_here()->stream, bytes, size);
    return (ssize_t)size;
}

EXPORT int getentropy(void *bytes, size_t size)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(getentropy)(bytes, size);
    if (size > 256)
        return sm__libc_error(EIO);
    sm_random_bytes(&sim_libc_here()->stream, bytes, size);
    return 0;
}

EXPORT uint32_t arc4random(void)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(arc4random)();
    return (uint32_t)(sm_random_u64(&sim_libc_here()->stream) >> 32);
}

EXPORT uint32_t arc4random_uniform(uint32_t bound)
{
    if (!sim_libc_inside())
        return SM__LIBC_REAL(arc4random_uniform)(bound);
    return bound < 2 ? 0 : (uint32_t)sm_random_below(&sim_libc_here()->stream, bound);
}

EXPORT void arc4random_buf(void *bytes, size_t size)
{
    if (sim_libc_inside())
        sm_random_bytes(&sim_libc_here()->stream, bytes, size);
    else
        SM__LIBC_REAL(arc4random_buf)(bytes, size);
}
