"""MLflow's alias and tags show what the journal says: where they do not, and how that is mended.

MLflow has no compare and set, so the journal is the truth and MLflow its projection. Whoever wrote to MLflow
reads the journal once more afterwards, and writes again until both agree: promoters at the same time converge.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.champions import Champion, in_force, in_force_at, withdrawals
from pipelines.errors import Unavailable
from pipelines.journal import Event, everything
from pipelines.registry import CHAMPION, Registry, Shown
from pipelines.rollback import none_command, train_command
from pipelines.store import Store

EFFECTIVE_FROM = "effective_from"
WITHDRAWN = "withdrawn"
ROUNDS = 20


@dataclass(frozen=True)
class Alias:
    """The alias of the champion is to be held by this version; by none for None."""

    version: int | None


@dataclass(frozen=True)
class Tag:
    """A version is to have this tag; None: not to have it."""

    version: int
    name: str
    value: str | None


@dataclass(frozen=True)
class Difference:
    """Where MLflow does not show what the journal says. change: what mends it; None where only a person can."""

    found: str
    remedy: str
    change: Alias | Tag | None = None


def differences(said: Sequence[Event], model: str, shown: Shown | None) -> list[Difference]:
    """All of them; what no call to MLflow can mend comes first."""
    champions, champion = in_force(said, model), in_force_at(said, model)
    if shown is None:
        return [_unregistered(model, champions)] if champions else []
    gone = sorted({champion.version for champion in champions} - set(shown.tags))
    newest = None if champion is None else champion.version
    others = any(one.version not in {newest, *gone} for one in champions)
    found = [_deleted(model, version, version == newest, others) for version in gone]
    if newest not in gone:
        found += _alias(said, model, newest, shown)
    return [*found, *_tags(said, model, champions, shown)]


def _unregistered(model: str, champions: Sequence[Champion]) -> Difference:
    first, last = champions[0], champions[-1]
    return Difference(
        f"{model} is not registered in MLflow; the journal has version {last.version} in force",
        "restore MLflow's database and artifacts from their backup, or train again from "
        f"{first.effective_from:%F} on: python -m pipelines backfill {model}__train --start … --end … "
        "--reprocess completed",
    )


def _deleted(model: str, version: int, newest: bool, others: bool) -> Difference:
    """others: whether another champion is there that may be put back."""
    sentence = f"{model}: version {version} was deleted from MLflow; by the journal it is champion"
    if not newest:
        return Difference(f"{sentence} of the past", f"train it again: {train_command(model)}")
    back = f"put the champion before it back: {_rollback(model)}"
    none = f"no other can take its place, withdraw it: {none_command(model)}"
    return Difference(sentence, f"{back if others else none}; then train another: {train_command(model)}")


def _alias(said: Sequence[Event], model: str, newest: int | None, shown: Shown) -> list[Difference]:
    if shown.alias == newest:
        return []
    held = "nobody" if shown.alias is None else f"version {shown.alias}"
    if shown.alias in withdrawals(said, model):
        held += ", which was withdrawn,"
    wanted = "none is in force" if newest is None else f"version {newest} is in force"
    return [Difference(f"{model}: the alias {CHAMPION} is held by {held} but {wanted}", _repair(model), Alias(newest))]


def _tags(said: Sequence[Event], model: str, champions: Sequence[Champion], shown: Shown) -> Iterator[Difference]:
    expected = {
        EFFECTIVE_FROM: {champion.version: champion.effective_from.isoformat() for champion in champions},
        WITHDRAWN: {version: f"{gone.reason} ({gone.by})" for version, gone in withdrawals(said, model).items()},
    }
    for version, tags in sorted(shown.tags.items()):
        for name, values in expected.items():
            value, has = values.get(version), tags.get(name)
            if value != has:
                sentence = f"{model}: version {version} has the tag {name} {has or 'not set'}, not {value or 'unset'}"
                yield Difference(sentence, _repair(model), Tag(version, name, value))


def _rollback(model: str) -> str:
    return f"python -m pipelines rollback {model} --reason … --by …"


def _repair(model: str) -> str:
    return f"python -m pipelines registry repair {model}"


def check(store: Store, registry: Registry, model: str) -> list[Difference]:
    """What differs now. MLflow is read before the journal: what is seen there was journalled by then."""
    shown = registry.shown(model)
    return differences(everything(store), model, shown)


def project(store: Store, registry: Registry, model: str) -> tuple[list[Difference], list[Difference]]:
    """Make MLflow show what the journal says: the differences that were mended, and those that cannot be.

    Raises Unavailable when others change MLflow back every time.
    """
    mended: list[Difference] = []
    for _ in range(ROUNDS):
        found = check(store, registry, model)
        open_to_change = [difference for difference in found if difference.change is not None]
        if not open_to_change:
            return mended, found
        for difference in open_to_change:
            _mend(registry, model, difference.change)
        mended += [difference for difference in open_to_change if difference not in mended]
    raise Unavailable(
        f"{model}: MLflow at {registry.uri} was changed by others after each of {ROUNDS} repairs. See who else "
        f"writes the alias {CHAMPION}, then: {_repair(model)}"
    )


def _mend(registry: Registry, model: str, change: Alias | Tag | None) -> None:
    if isinstance(change, Alias):
        registry.set_champion(model, change.version)
    elif isinstance(change, Tag):
        registry.set_tag(model, change.version, change.name, change.value)
