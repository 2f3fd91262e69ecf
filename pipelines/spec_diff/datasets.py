"""What a change does to datasets: their declaration, their contract, their features and their source."""

from collections.abc import Iterator

from pipelines.features import FeatureView
from pipelines.spec_diff.change import Change, fields, told
from pipelines.spec_diff.tree import Declarations


def dataset_changes(before: Declarations, after: Declarations) -> Iterator[Change]:
    for name in sorted(before.datasets.keys() | after.datasets.keys()):
        subject = f"dataset {name}"
        if name not in before.datasets or name not in after.datasets:
            is_new = name in after.datasets
            yield Change(subject, "name", "adds" if is_new else "removes", "is new" if is_new else "is gone")
            continue
        earlier, later = (one.datasets[name].model_dump(mode="json") for one in (before, after))
        for key, was, is_now in fields(earlier, later):
            yield Change(subject, "declaration", "changes", f"{key}: {told(was)} → {told(is_now)}")
        yield from _contract(subject, before.expectations[name], after.expectations[name])
        yield from _features(subject, before.views[name], after.views[name])
        for file, digest in after.digests[name].items():
            if before.digests[name].get(file) != digest:
                yield Change(subject, file, "changes", f"the code in {file}")


def _contract(subject: str, before: list[str], after: list[str]) -> Iterator[Change]:
    for one in after:
        if one not in before:
            yield Change(subject, "expectations", "tightens", f"expects {one}")
    for one in before:
        if one not in after:
            yield Change(subject, "expectations", "loosens", f"no more expects {one}")


def _features(
    subject: str, before: tuple[FeatureView, ...] | None, after: tuple[FeatureView, ...] | None
) -> Iterator[Change]:
    if before is None or after is None:
        yield Change(subject, "features", "changes", "its views before this cannot be read by the code of today")
        return
    earlier, later = _rows(before), _rows(after)
    for name in dict.fromkeys([*earlier, *later]):
        if name not in earlier or name not in later:
            is_new = name in later
            yield Change(
                subject, "features", "adds" if is_new else "removes", f"{name} is {'new' if is_new else 'gone'}"
            )
        else:
            for key, was, is_now in fields(earlier[name], later[name]):
                yield Change(subject, "features", "changes", f"{name}: {key} {told(was)} → {told(is_now)}")


def _rows(views: tuple[FeatureView, ...]) -> dict[str, dict[str, str]]:
    """Every feature and every view, with what is declared of it."""
    rows = {}
    for view in views:
        rows[f"view {view.name}"] = {
            "entities": ", ".join(view.entities),
            "source": view.source,
            "owner": view.owner,
            "refresh": view.refresh,
            "ttl": str(view.ttl),
            "seasonal": str(view.seasonal).lower(),
        }
        for one in view.features:
            rows[f"feature {view.name}.{one.name}"] = {
                "unit": one.unit,
                "dtype": one.dtype,
                "description": one.description,
            }
    return rows
