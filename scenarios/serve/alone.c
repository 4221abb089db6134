/* SPDX-License-Identifier: MIT */
/* steelmill-serve, a program of its own. */
#include "scenarios/serve/serve.h"

int main(int argc, char **argv)
{
    return serve_main(argc, argv);
}
