/* SPDX-License-Identifier: MIT */
/* What the scenario files of this folder may name under `daemons:`. */
#include "daemons.h"

SM_PLUGIN("A lock server with leases, a store that checks fence tokens, and their clients.",
          &lock_server_daemon, &store_server_daemon, &lock_client_daemon)
