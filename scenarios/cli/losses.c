/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/losses.h"

#include "scenarios/cli/number.h"

void cli_losses_add(struct job_losses *sum, const struct job_losses *losses)
{
    sum->lost_sectors += losses->lost_sectors;
    sum->kept_sectors += losses->kept_sectors;
    sum->lost_names += losses->lost_names;
    sum->kept_names += losses->kept_names;
}

void cli_losses_print(FILE *file, const struct job_losses *losses)
{
    char a[32], b[32], c[32], d[32];

    if (losses->lost_sectors + losses->kept_sectors + losses->lost_names + losses->kept_names == 0)
        return;
    fprintf(file, "not synced  %s sectors lost, %s kept; %s changes of names lost, %s kept\n",
            cli_group_digits(losses->lost_sectors, a), cli_group_digits(losses->kept_sectors, b),
            cli_group_digits(losses->lost_names, c), cli_group_digits(losses->kept_names, d));
}

void cli_losses_json(struct cli_json *json, const struct job_losses *losses)
{
    cli_json_open(json, "disk", '{');
    cli_json_u64(json, "lost_sectors", losses->lost_sectors);
    cli_json_u64(json, "kept_sectors", losses->kept_sectors);
    cli_json_u64(json, "lost_names", losses->lost_names);
    cli_json_u64(json, "kept_names", losses->kept_names);
    cli_json_close(json, '}');
}
