/* SPDX-License-Identifier: MIT */
/* A loss of power: what is chosen for the names, then for each file that has something to lose. */
#include "sim/disk_tree.h"

/* One style for everything, or each its own. */
struct plan {
    struct sim_crash crash;
    enum sim_crash_style common;
    bool is_common;
};

static uint64_t draw(struct plan *plan, uint64_t bound)
{
    return bound > 1 ? plan->crash.draw(plan->crash.arg, bound) : 0;
}

static enum sim_crash_style style_of(struct plan *plan)
{
    return plan->is_common ? plan->common : (enum sim_crash_style)draw(plan, SIM_CRASH_STYLES);
}

/* ---- cuts: the last change that is kept ---- */

struct span {
    uint64_t first, last;
};

static void widen(struct span *span, uint64_t number)
{
    span->first = number < span->first ? number : span->first;
    span->last = number > span->last ? number : span->last;
}

static void widen_by_bytes(struct span *span, const struct sim_bytes *bytes)
{
    for (uint32_t i = 0; i < bytes->resize_count; i++)
        widen(span, bytes->resizes[i].number);
    for (uint32_t i = 0; i < bytes->dirty_count; i++) {
        const struct sim_dirty *dirty = &bytes->dirty[i];
        widen(span, dirty->versions[0].number);
        widen(span, dirty->versions[dirty->count - 1].number);
    }
}

static void widen_by_log(struct span *span, const struct sim_image *image)
{
    if (image->log_count == 0)
        return;
    widen(span, image->log[0]->number);
    widen(span, image->log[image->log_count - 1]->number);
}

/* A change before the last, or none at all. */
static uint64_t draw_cut(struct plan *plan, const struct span *span)
{
    return span->first - 1 + draw(plan, span->last - span->first + 1);
}

/* ---- names ---- */

static void choose_names(struct plan *plan, struct sim_image *image)
{
    if (image->log_count == 0)
        return;
    const enum sim_crash_style style = style_of(plan);
    struct span span = {UINT64_MAX, 0};
    widen_by_log(&span, image);
    if (style == SIM_CRASH_PREFIX && !plan->is_common)
        plan->crash.cut = draw_cut(plan, &span);
    const uint64_t victim = style == SIM_CRASH_ALMOST ? draw(plan, image->log_count) : 0;
    for (size_t i = 0; i < image->log_count; i++) {
        struct sim_change *change = image->log[i];
        if (style == SIM_CRASH_PREFIX)
            change->is_kept = change->number <= plan->crash.cut;
        else if (style == SIM_CRASH_ALMOST)
            change->is_kept = i != victim;
        else if (style == SIM_CRASH_NONE || style == SIM_CRASH_ALL)
            change->is_kept = style == SIM_CRASH_ALL;
        else
            change->is_kept = draw(plan, 2) == 1;
    }
}

/* ---- bytes ---- */

static void lose_bytes(struct plan *plan, struct sim_image *image, struct sim_inode *inode)
{
    const enum sim_crash_style style = style_of(plan);
    struct span span = {UINT64_MAX, 0};

    widen_by_bytes(&span, &inode->bytes);
    if (style == SIM_CRASH_PREFIX && !plan->is_common)
        plan->crash.cut = draw_cut(plan, &span);
    sim_bytes_crash(&inode->bytes, &image->pages, style, &plan->crash);
    sim_inode_update(image, inode);
}

static void lose(struct plan *plan, struct sim_image *image, struct sim_losses *losses)
{
    struct sim_losses ignored = {0};

    losses = losses ? losses : &ignored;
    choose_names(plan, image);
    sim_log_crash(image, losses);
    while (!sm__list_empty(&image->pending))
        lose_bytes(plan, image, sm__container(image->pending.next, struct sim_inode, link));
    losses->kept_sectors += plan->crash.kept_sectors;
    losses->lost_sectors += plan->crash.lost_sectors;
}

/* ---- the two ways ---- */

void sim_image_crash(struct sim_image *image, sim_image_draw draw_, void *arg,
                     struct sim_losses *losses)
{
    struct plan plan = {.crash = {.draw = draw_, .arg = arg}};
    struct span span = {UINT64_MAX, 0};

    if (image->log_count == 0 && sm__list_empty(&image->pending))
        return;
    plan.is_common = draw(&plan, 4) == 0;
    if (plan.is_common)
        plan.common = (enum sim_crash_style)draw(&plan, SIM_CRASH_STYLES);
    if (plan.is_common && plan.common == SIM_CRASH_PREFIX) {
        widen_by_log(&span, image);
        for (struct sm__list *at = image->pending.next; at != &image->pending; at = at->next)
            widen_by_bytes(&span, &sm__container(at, struct sim_inode, link)->bytes);
        plan.crash.cut = draw_cut(&plan, &span);
    }
    lose(&plan, image, losses);
}

/* The digits of a state, each of a base of its own. */
static uint64_t next_digit(void *arg, uint64_t bound)
{
    uint64_t *state = arg;
    const uint64_t digit = *state % bound;

    *state /= bound;
    return digit;
}

void sim_image_crash_into(struct sim_image *image, uint64_t state, struct sim_losses *losses)
{
    struct plan plan = {
        .crash = {.draw = next_digit, .arg = &state}, .common = SIM_CRASH_ANY, .is_common = true};
    lose(&plan, image, losses);
}

uint64_t sim_image_crash_states(const struct sim_image *image)
{
    uint64_t states = 1;

    if (image->log_count > 62)
        return UINT64_MAX;
    states <<= image->log_count;
    for (struct sm__list *at = image->pending.next; at != &image->pending; at = at->next) {
        const struct sim_inode *inode = sm__container(at, struct sim_inode, link);
        if (__builtin_mul_overflow(states, sim_bytes_states(&inode->bytes), &states))
            return UINT64_MAX;
    }
    return states;
}
