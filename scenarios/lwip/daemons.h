/* SPDX-License-Identifier: MIT */
/* The daemons that send files and receive them. */
#ifndef LWIP_DAEMONS_H
#define LWIP_DAEMONS_H

#include "wire.h"

SM_DAEMON_DECLARE(file_receiver)
SM_DAEMON_DECLARE(file_sender)

/* A peer that does nothing for so long is given up, unless config `patience` says else. */
#define PATIENCE_NS (8 * SM_S)

#endif
