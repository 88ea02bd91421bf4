"""`catalog sync`: run one pass, usually from cron.

Most runs end on the fast path, so a full pass imports its parts when it begins.
"""

import os
from collections.abc import Sequence
from typing import Any

import click

from catalog.changes.poll import Pass
from catalog.cli.app import App, pass_app, provider_option
from catalog.cli.output import format_option, print_json, say
from catalog.cli.results import Skipped, pass_json, print_pass, status
from catalog.core.clock import stamp
from catalog.report.summary import skipped


@click.command()
@click.option("--accept", is_flag=True, help="Apply an answer that would be held back.")
@click.option("--dry-run", is_flag=True, help="Show everything, write and send nothing.")
@click.option(
    "--scheduled",
    is_flag=True,
    help="Do nothing if another run already polled at this scheduled time.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when the catalog changed.")
@format_option("text", "json")
@provider_option
@pass_app
def sync(
    app: App, accept: bool, dry_run: bool, scheduled: bool, exit_code: bool, style: str
) -> int:
    """Poll the provider once.

    Store the answer, compare it, judge the changes, write the document, and send alerts. With -q
    before the command, nothing is printed if nothing changed.
    """
    if scheduled and (accept or dry_run):
        raise click.UsageError("--scheduled goes with neither --accept nor --dry-run.")
    from catalog.cli.fast_sync import Line, poll_fast

    results, codes = list[Pass | Skipped](), list[int]()
    line = Line(app.config, app.database_url, app.provider, os.environ, scheduled)
    fast = None if accept or dry_run else poll_fast(line)
    if isinstance(fast, Pass | Skipped):
        results.append(fast)
    else:
        from catalog.cli.full_sync import opened
        from catalog.sync.sync import Options

        with opened(app, dry_run=dry_run) as (works, codes):
            for work in works:
                if scheduled:
                    run = work.run(fast)
                    skipped = Skipped(run.provider, run.claim.moment, run.claim.done_at)
                    results.append(run.result or skipped)
                elif dry_run:
                    results.append(work.sync.run(Options(accept=accept, dry_run=True)))
                else:
                    results.append(work.run_now(fast, accept=accept))
    _print(results, style, quiet=app.verbosity < 0, dry_run=dry_run)
    passes = (each for each in results if not isinstance(each, Skipped))
    return max([*codes, *(status(each, exit_code=exit_code) for each in passes)], default=0)


def _print(results: Sequence[Pass | Skipped], style: str, *, quiet: bool, dry_run: bool) -> None:
    if style == "json":
        documents = [_json(each, dry_run=dry_run) for each in results]
        print_json(documents[0] if len(documents) == 1 else {"passes": documents})
        return
    for each in results:
        if not isinstance(each, Skipped):
            print_pass(each, quiet=quiet, dry_run=dry_run)
        elif not quiet:
            say(f"{each.provider}: {skipped(each.slot, each.done_at)}")


def _json(result: Pass | Skipped, *, dry_run: bool) -> dict[str, Any]:
    if not isinstance(result, Skipped):
        return pass_json(result, dry_run=dry_run)
    done = {} if result.done_at is None else {"done_at": stamp(result.done_at)}
    return {"provider": result.provider, "outcome": "skipped", "slot": stamp(result.slot), **done}
