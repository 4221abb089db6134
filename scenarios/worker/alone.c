/* SPDX-License-Identifier: MIT */
/* steelmill-worker, a program of its own. */
#include "scenarios/worker/worker.h"

int main(int argc, char **argv)
{
    return worker_main(argc, argv);
}
