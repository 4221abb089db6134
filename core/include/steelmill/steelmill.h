/* SPDX-License-Identifier: MIT */
/*
 * The whole contract. A daemon's code includes this file, or just the headers that it uses.
 */
#ifndef STEELMILL_STEELMILL_H
#define STEELMILL_STEELMILL_H

#include <steelmill/base.h>
#include <steelmill/disk.h>
#include <steelmill/disk_lock.h>
#include <steelmill/errors.h>
#include <steelmill/factory.h>
#include <steelmill/frame.h>
#include <steelmill/history.h>
#include <steelmill/lease.h>
#include <steelmill/log.h>
#include <steelmill/net.h>
#include <steelmill/plugin.h>
#include <steelmill/property.h>
#include <steelmill/random.h>
#include <steelmill/read.h>
#include <steelmill/sync.h>
#include <steelmill/task.h>
#include <steelmill/time.h>

#endif
