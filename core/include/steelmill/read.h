/* SPDX-License-Identifier: MIT */
/*
 * Read sections: looking at factories that others add and remove meanwhile.
 *
 * A daemon may look up its own factory and the ancestors of that at any time. Whoever walks through
 * other factories (sm_factory_each_child, sm_factory_find, sm_factory_name, sm_factory_parent, and
 * sm_factory_get of what a sealed one has) does it inside of a read section: what was seen in it
 * stays in memory until it ends, however it is removed meanwhile. Readers never wait, for each
 * other or for a writer, and write nothing that others share.
 *
 * What is found this way may be ending: a daemon's destroy hook may have run already, and only its
 * memory is still there. To call it, be below the factory that owns it, or see that it lives on in
 * some other way.
 */
#ifndef STEELMILL_READ_H
#define STEELMILL_READ_H

#include <steelmill/base.h>

SM_C_BEGIN

/*
 * Begins a read section. They nest, up to 65,535 deep.
 * Context: a task or hook; in production also any thread that is registered as a reader.
 * Blocks? never; and inside of a section nothing may block: a call that might is a bug (asserted),
 * also where it would not have to wait.
 * Randomness: none.
 */
SM_API void sm_read_begin(void);
/* Ends the innermost one. What was found in it may vanish. */
SM_API void sm_read_end(void);

SM_C_END
#endif
