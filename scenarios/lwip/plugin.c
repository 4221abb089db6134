/* SPDX-License-Identifier: MIT */
/* What the scenario files of this folder may name under `daemons:`. */
#include "daemons.h"

#include <steelmill/plugin.h>

SM_PLUGIN("Debian's lwIP as each machine's own TCP: files that are sent, and checked byte by byte.",
          &wire_daemon, &file_receiver_daemon, &file_sender_daemon)
