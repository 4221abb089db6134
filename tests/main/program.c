/* SPDX-License-Identifier: MIT */
/* A program with daemons in it: linked with either library. */
#include <steelmill/plugin.h>

extern const struct sm_plugin sm_plugin_descriptor;

int main(int argc, char **argv)
{
    return sm_main(argc, argv, &sm_plugin_descriptor);
}
