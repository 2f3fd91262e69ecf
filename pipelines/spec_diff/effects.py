"""What changes cause: which digests are others from then on, what has to be made again, and what stays."""

from collections.abc import Iterator, Sequence

from pipelines.spec_diff.change import Change

Effect = tuple[tuple[str, ...], str]
OF_MODELS: tuple[Effect, ...] = (
    (
        ("features", "target", "dataset"),
        "Its training sets get other digests, and so do the candidates made of them. The champion in force "
        "stays, with the columns that it was trained on, until a candidate passes: python -m pipelines "
        "backfill {name}__train --start START --end END",
    ),
    (
        ("training",),
        "The same rows give another model: candidates get other keys, and walk-forward windows that were "
        "kept for them are scored anew, so the next training takes longer. To have it now: python -m "
        "pipelines backfill {name}__train --start START --end END",
    ),
    (
        ("gates",),
        "The digest of its gates changes: a candidate that was judged by the earlier ones, and a person's "
        "answer to it, count no more; it is judged anew before it is promoted: python -m pipelines "
        "backfill {name}__train --start START --end END --reprocess completed",
    ),
    (
        ("schedule",),
        "Runs come at other times from now on. Intervals that were run stay, and are not run anew; those "
        "that the new schedule has besides need a backfill: python -m pipelines backfill {name}__train "
        "--start START --end END",
    ),
    (
        ("monitoring",),
        "From the next window on, severities are judged by it; bounds that chance reaches are computed "
        "anew where they depend on it. Reports that were written stay. To see the past by it: python -m "
        "pipelines backfill {name}__monitor --start START --end END --reprocess completed",
    ),
    (
        ("retrain",),
        "From the next window on, decisions are made by it; those that were made stay in the journal. What "
        "it would have done: python -m pipelines backtest {name}",
    ),
    (("approval",), "Holds from the next evaluation on; answers that were given stay on record."),
    (("compute",), "Pods ask for something else; the bytes that steps make stay the same."),
    (("alerts",), "Others are told, from the next window on."),
)
OF_DATASETS: tuple[Effect, ...] = (
    (
        ("features", "features.py"),
        "Every partition's features and joined rows get other digests: make them anew before any training, "
        "or a training set mixes both: python -m pipelines backfill {name}__data --start START --end END "
        "--reprocess completed. python -m pipelines specs --write-docs docs renews their table",
    ),
    (
        ("expectations", "expectations.py", "schema.py"),
        "Partitions that come from now on are held to it. What is in force stays in force; to hold the "
        "past to it: python -m pipelines backfill {name}__data --start START --end END --reprocess "
        "completed",
    ),
    (
        ("source.py",),
        "What is pulled from now on may be other rows. A partition pulled again gets a new version; the "
        "rows in force stay until that passes.",
    ),
    (
        ("declaration",),
        "The runs of {name}__data, and what its models wait for, follow it from now on.",
    ),
)
RENAMED = (
    "A model's history goes by its name: champion, journal, records and MLflow's versions stay under the "
    "earlier one. The new name begins without a champion and scores nothing before its first training "
    "passes: python -m pipelines backfill {name}__train --start START --end END. Dashboards, alert routes "
    "and whoever reads predictions/ must follow."
)
NEW = (
    "It has no champion and scores nothing before its first training passes its gates: python -m pipelines "
    "backfill {name}__train --start START --end END"
)
GONE = "Its DAGs go within half a minute, and nothing is scored any more. Its history stays in the store and in MLflow."


def effects(subject: str, changes: Sequence[Change]) -> Iterator[str]:
    """Of all changes of one subject; its name stands in the commands."""
    kind, _, name = subject.partition(" ")
    sections = {change.section for change in changes}
    if "name" in sections:
        direction = next(change.direction for change in changes if change.section == "name")
        words = {"adds": NEW, "removes": GONE}.get(direction, RENAMED)
        yield words.format(name=name) if kind == "model" or direction == "removes" else _new_dataset(name)
    for causes, text in OF_MODELS if kind == "model" else OF_DATASETS:
        if sections & set(causes):
            yield text.format(name=name)


def _new_dataset(name: str) -> str:
    return f"Nothing is pulled before its DAG runs: python -m pipelines backfill {name}__data --start START --end END"
