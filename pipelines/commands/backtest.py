"""Compare policies of retraining over history."""

import argparse
from math import isfinite
from pathlib import Path

from pipelines.commands import leave_result, new_file
from pipelines.errors import EXIT_DONE

SUMMARY = "replay policies of retraining over history: what each is worth, what it costs, and which to take"
EXAMPLE = "python -m pipelines backtest flight_delay --policies never,monthly,quarterly,spec,critical-60"


def number(text: str) -> float:
    found = float(text)
    if not isfinite(found):
        raise argparse.ArgumentTypeError(f"must be finite (got {text})")
    return found


def positive(text: str) -> float:
    found = number(text)
    if found < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more (got {text})")
    return found


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("model")
    command.add_argument(
        "--policies",
        metavar="NAMES",
        help="with commas between: never, monthly, quarterly, spec (its own [retrain]), warning-N and critical-N "
        "(that severity, a cooldown of N days), oracle; never and oracle are always there. All if left out",
    )
    command.add_argument("--start", help="start of the first window, as 2013-04-01 (UTC); else of the first champion")
    command.add_argument("--end", help="end of the last window (UTC); else of the newest validated partition")
    command.add_argument(
        "--margin", type=positive, help="gain in the metric's unit that is worth a retraining; else the spec's"
    )
    command.add_argument("--floor", type=number, help="of the metric, for the days below it; else the spec's gate's")
    command.add_argument(
        "--price", type=positive, default=0.0, help="of a retraining to the oracle, in the metric's unit over a window"
    )
    command.add_argument("--json", type=new_file, metavar="FILE", help="write all figures there")
    command.add_argument("--picture", type=new_file, metavar="FILE", help="write the picture there, a PNG")
    command.add_argument("--result", type=Path, help="write the step's result (JSON: references and figures) there")


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipelines.backtest.comparison import Request
    from pipelines.backtest.picture import draw
    from pipelines.backtest.progress import Board
    from pipelines.backtest.table import table
    from pipelines.environment import store_uri
    from pipelines.interval import parse_time
    from pipelines.release.provenance import start_meter
    from pipelines.spec import find_model
    from pipelines.steps import backtest
    from pipelines.store import Store

    meter, console = start_meter(), Console()
    named = None if options.policies is None else [name.strip() for name in options.policies.split(",")]
    start, end = (None if text is None else parse_time(text) for text in (options.start, options.end))
    request = Request(named, start, end, options.margin, options.floor, options.price)
    with Board(console) as board:
        made, result = backtest.run(find_model(options.model), request, Store(store_uri()), board.say)
    console.print(table(made))
    if options.json is not None:
        options.json.write_text(made.to_json(), encoding="utf-8")
    if options.picture is not None:
        draw(made, options.picture)
    leave_result(result, meter, options.result)
    print(f"backtest {result.subject} {result.outcome}")
    return EXIT_DONE
