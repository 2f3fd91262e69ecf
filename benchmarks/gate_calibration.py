"""How often gates pass a model that they should not, and one that they should, on the real flights of 2013.

Days of real walk-forward scores are resampled to windows of new days, and a candidate is held against the
champion by three gates with the same margin: ours (`VersusChampion.judge`), naive_delong (the same bound
with each flight on its own, as DeLong's variance has it) and point (the estimate alone). Candidates are
mixtures of real models whose AUC over all days is exactly the champion's, or exactly the margin below it.

    python benchmarks/gate_calibration.py [--quick] [--json FILE] [--store URI] [--scores FOLDER] [--picture FILE]
"""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.optimize import brentq

# Run by its path, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.walk_forward_scores import CHAMPION, Population, population, prepare
from pipelines.candidate import Candidate
from pipelines.champions import Champion
from pipelines.gates.comparison import Comparison, compare, not_worse
from pipelines.gates.evidence import Evidence, Scored
from pipelines.gates.kinds.versus import VersusChampion
from pipelines.metrics import placements
from pipelines.spec import find_model
from pipelines.store import Store

MARGIN = 0.015
GATE = VersusChampion(kind="versus_champion", metric="auc", not_worse_by=MARGIN, windows=3)
GATES = ("gate", "naive_delong", "point")
MONTH_DAYS, CANDIDATES, ATTEMPTS = 30, 30, 30
FALSE_ACCEPT, PASS = 0.05, 0.9
NOW = datetime(2014, 1, 1, tzinfo=UTC)
SEEDS, POOR = ("seed 14", "seed 15"), ("no feed", "no weather")


@dataclass(frozen=True)
class Situation:
    """candidates differ from the champion by `loss` of AUC over all days, exactly; base and poor: what they are
    mixed of. run: days are drawn in runs of this many that followed one another."""

    champion: str
    loss: float
    base: tuple[str, ...]
    poor: tuple[str, ...]
    months: int = 3
    run: int = 1


AT_MARGIN = Situation(CHAMPION, MARGIN, SEEDS, POOR)
# The champion was fitted a month earlier; the candidates are fresh, and not a bit better for it.
EQUAL = Situation("a month old", 0.0, SEEDS, POOR)
SITUATIONS = {
    "false_accept_at_margin": AT_MARGIN,
    "false_accept_at_margin_weeks": replace(AT_MARGIN, run=7),
    "pass_rate_equal": EQUAL,
    "pass_rate_equal_one_month": replace(EQUAL, months=1),
    "pass_rate_equal_seed": Situation(CHAMPION, 0.0, SEEDS, POOR),
    # One does not see the live feed, the other sees it and little else: as good, by other means.
    "pass_rate_equal_unlike": Situation("no feed", 0.0, SEEDS, ("no history",)),
}
BENCH: "Bench"
# By how many days the window moves from one attempt to the next.
CAMPAIGNS = {"false_accept_30_attempts": 30, "false_accept_30_attempts_daily": 1}


@dataclass(frozen=True)
class Bench:
    """rows: of each day; candidates: by situation, their log odds."""

    year: Population
    rows: list[np.ndarray]
    candidates: dict[str, list[np.ndarray]]

    @classmethod
    def of(cls, year: Population) -> "Bench":
        rows = np.split(np.arange(len(year.day)), np.flatnonzero(np.diff(year.day)) + 1)
        made = {
            situation: mixtures(year, situation, CANDIDATES, np.random.default_rng(0))
            for situation in {replace(one, months=3, run=1) for one in SITUATIONS.values()}
        }
        return cls(year, rows, {name: made[replace(one, months=3, run=1)] for name, one in SITUATIONS.items()})


def mixtures(year: Population, situation: Situation, count: int, chance: np.random.Generator) -> list[np.ndarray]:
    """Different models of exactly the AUC that the situation asks for, over all days."""
    target, found = _auc(year, year.log_odds[situation.champion]) - situation.loss, []
    while len(found) < count:
        base, poor = (_blend(year, names, chance) for names in (situation.base, situation.poor))
        if _auc(year, poor) < target < _auc(year, base):
            share = brentq(lambda x, b=base, p=poor: _auc(year, (1 - x) * b + x * p) - target, 0, 1, xtol=1e-6)
            found.append((1 - share) * base + share * poor)
    return found


def _blend(year: Population, names: tuple[str, ...], chance: np.random.Generator) -> np.ndarray:
    shares = chance.dirichlet(np.ones(len(names)))
    return np.sum([share * year.log_odds[name] for share, name in zip(shares, names, strict=True)], axis=0)


def _auc(year: Population, score: np.ndarray) -> float:
    return placements(year.label, score)[0]


def window(bench: Bench, champion: str, candidate: np.ndarray, drawn: np.ndarray) -> Scored:
    """The flights of the days drawn; the same day drawn twice is two days."""
    rows = np.concatenate([bench.rows[day] for day in drawn])
    day = np.repeat(np.arange(len(drawn)), [len(bench.rows[day]) for day in drawn])
    return Scored(
        key=rows,
        label=bench.year.label[rows],
        at=rows,
        day=day,
        window=(len(drawn) - 1 - day) // MONTH_DAYS,
        candidate=candidate[rows],
        champion=bench.year.log_odds[champion][rows],
    )


def judge(scored: Scored, attempt: int = 1) -> tuple[dict[str, bool], Comparison]:
    """Whether our gate and the point estimate pass it, ours also without spending; with the comparison."""
    made = Candidate("flight_delay", NOW.isoformat(), 2, "", "", 1, "", "", "", [])
    evidence = Evidence(find_model("flight_delay"), NOW, made, Champion(1, "", NOW, NOW), scored, scored, attempt)
    result = GATE.judge(evidence)
    found = Comparison(result.value, result.details["standard_error"], result.details["days"], result.rows)
    told = {"gate": result.verdict == "pass", "point": found.gain >= -MARGIN}
    told["unspent"] = not_worse(found, MARGIN, GATE.alpha, GATE.power) == "pass"
    return {**told, "cannot_tell": result.verdict == "cannot_tell"}, found


def naive_delong(scored: Scored) -> bool:
    each_alone = np.arange(len(scored))
    compared = compare("auc", scored.label, scored.candidate, scored.champion, each_alone)
    return compared.bounds(GATE.alpha)[0] > -MARGIN


def _work_on(bench: Bench) -> None:
    global BENCH
    BENCH = bench


def one_try(name: str, seed: int) -> dict[str, float]:
    """One window of new days, one candidate; 1 for each gate that passes it."""
    situation, chance = SITUATIONS[name], np.random.default_rng([1, seed])
    days, drawn = situation.months * MONTH_DAYS, np.arange(0)
    while len(drawn) < days:
        first = chance.integers(0, len(BENCH.rows) - situation.run + 1)
        drawn = np.r_[drawn, first + np.arange(situation.run)]
    candidate = BENCH.candidates[name][chance.integers(CANDIDATES)]
    scored = window(BENCH, situation.champion, candidate, drawn[:days])
    told, found = judge(scored)
    return {**told, "naive_delong": naive_delong(scored), "error": found.error or 0.0}


def one_campaign(name: str, seed: int) -> dict[str, float]:
    """Thirty fresh candidates at the margin, one after another on moving windows: 1 for each gate that passes any."""
    chance, moves = np.random.default_rng([2, seed]), CAMPAIGNS[name]
    days = chance.integers(0, len(BENCH.rows), 3 * MONTH_DAYS + (ATTEMPTS - 1) * moves)
    order = chance.permutation(CANDIDATES)
    passed = dict.fromkeys(("gate", "unspent", "point", "naive_delong"), False)
    for attempt in range(ATTEMPTS):
        drawn = days[attempt * moves : attempt * moves + 3 * MONTH_DAYS]
        scored = window(BENCH, CHAMPION, BENCH.candidates["false_accept_at_margin"][order[attempt]], drawn)
        told, _ = judge(scored, attempt + 1)
        passed = {gate: was or told.get(gate, False) for gate, was in passed.items()}
        passed["naive_delong"] = passed["naive_delong"] or naive_delong(scored)
    return dict(passed)


def wilson(share: float, tries: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z = 1.96
    middle, half = share + z * z / (2 * tries), z * np.sqrt(share * (1 - share) / tries + (z / (2 * tries)) ** 2)
    return (middle - half) / (1 + z * z / tries), (middle + half) / (1 + z * z / tries)


def simulate(bench: Bench, tries: int, campaigns: int, console: Console) -> dict[str, dict[str, float]]:
    """{name: {what: mean over its tries}}, with the number of tries."""
    found = {}
    # Forked, so that each process has the scores without a copy.
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork"), _work_on, (bench,)) as pool:
        for name in (*SITUATIONS, *CAMPAIGNS):
            run, count = (one_try, tries) if name in SITUATIONS else (one_campaign, campaigns)
            answers = pool.map(run, [name] * count, range(count))
            told = list(track(answers, description=name, total=count, console=console))
            found[name] = {what: float(np.mean([one[what] for one in told])) for what in told[0]} | {"tries": count}
    return found


def figures_of(found: dict[str, dict[str, float]]) -> dict[str, dict[str, float | str]]:
    """Rates by gate; ours go by the bare name. ratio: to the target."""
    figures = {}
    for name, rates in found.items():
        target = PASS if name.startswith("pass") else FALSE_ACCEPT
        for gate in (*GATES, "unspent"):
            low, high = wilson(rates[gate], int(rates["tries"]))
            figures[name if gate == "gate" else f"{gate}_{name}"] = {
                "value": round(rates[gate], 4),
                "unit": "probability",
                "limit": target,
                "ratio": round(rates[gate] / target, 2),
                "low": round(low, 4),
                "high": round(high, 4),
                "tries": int(rates["tries"]),
            }
    return figures


def show(found: dict[str, dict[str, float]], console: Console) -> None:
    table = Table(
        title=f"passed, %, with margin {MARGIN:g} of AUC and alpha {GATE.alpha:g}; "
        f"false_accept is to be at most {FALSE_ACCEPT:.0%}, pass_rate at least {PASS:.0%}",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", no_wrap=True)
    for heading in ("gate", "±", "unspent", "naive", "point", "unsure", "error"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, rates in found.items():
        low, high = wilson(rates["gate"], int(rates["tries"]))
        shown = [rates["gate"], (high - low) / 2, *(rates[gate] for gate in ("unspent", "naive_delong", "point"))]
        rest = [f"{100 * rates['cannot_tell']:.1f}", f"{rates['error']:.4f}"] if "error" in rates else []
        table.add_row(name, *(f"{100 * rate:.1f}" for rate in shown), *rest)
    console.print(table)


def draw(found: dict[str, dict[str, float]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(12, 4.8), dpi=150, layout="constrained", width_ratios=(4, 3))
    colors = {"gate": "#2d6cdf", "unspent": "#8fb3f0", "naive_delong": "#b3261e", "point": "#7a7f85"}
    words = {"gate": "Trainyard's gate", "unspent": "the same without spending", "naive_delong": "naive DeLong"}
    for axes, start, target in zip(panels, ("false", "pass"), (FALSE_ACCEPT, PASS), strict=True):
        names = [name for name in found if name.startswith(start)]
        for offset, (gate, color) in enumerate(colors.items()):
            rates = np.array([found[name][gate] for name in names])
            ends = np.array([wilson(found[name][gate], int(found[name]["tries"])) for name in names]).T
            at = np.arange(len(names)) + (offset - 1.5) * 0.16
            axes.errorbar(
                at, rates, yerr=np.abs(ends - rates), fmt="o", color=color, capsize=3, label=words.get(gate, gate)
            )
        axes.axhline(target, color="#1d2126", linewidth=0.9, linestyle="--")
        axes.set_xticks(range(len(names)), [name.split("_", 2)[2].replace("_", "\n") for name in names], fontsize=9)
        axes.set_ylim(-0.02, 1.02)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_title(f"accepted, exactly {MARGIN:g} worse: at most {FALSE_ACCEPT:.0%}")
    panels[1].set_title(f"accepted, equally good: at least {PASS:.0%}")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncol=4, frameon=False)
    figure.savefig(path)
    pyplot.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="a trial: three months, too few for its rates to mean much"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--store", metavar="URI", help="a store with the demo's year, only read; made if left out")
    parser.add_argument("--scores", type=Path, metavar="FOLDER", help="keep the models' scores there for the next run")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the rates there (PNG)")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="trainyard-gates-") as folder:
        kept = options.scores or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        with console.status("") as status:
            store = Store(options.store) if options.store else prepare(Path(folder), status.update)
            year = population(store, 10 if options.quick else 4, kept, status.update)
            status.update("mixing candidates of exact AUC")
            bench = Bench.of(year)
    console.print(f"{len(year.label):,} flights on {len(bench.rows)} days")
    found = simulate(bench, *((100, 20) if options.quick else (1000, 300)), console)
    show(found, console)
    if options.json:
        options.json.write_text(json.dumps(figures_of(found), indent=1))
    if options.picture:
        draw(found, options.picture)


if __name__ == "__main__":
    main()
