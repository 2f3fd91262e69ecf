"""The inventory of what is declared now: a spec that is added or changed counts at the next request."""

from functools import cache
from threading import Lock

from pipelines import spec
from pipelines.environment import store_uri
from pipelines.inventory.inventory import Inventory
from pipelines.store import Store

Stamp = tuple[tuple[str, int], ...]


class Declared:
    """One for each API server process."""

    def __init__(self) -> None:
        self._stamp: tuple[str, Stamp] | None = None
        self._inventory: Inventory | None = None
        self._one_at_a_time = Lock()

    def inventory(self) -> Inventory:
        """Made anew where a spec or the store's address is another one."""
        with self._one_at_a_time:
            stamp = (store_uri(), _stamp())
            if self._inventory is None or stamp != self._stamp:
                datasets = spec.load_datasets()
                self._inventory = Inventory(Store(stamp[0]), spec.sound_models(datasets=datasets), datasets)
                self._stamp = stamp
            return self._inventory


def _stamp() -> Stamp:
    files = [*spec.MODELS.glob("*.toml"), *spec.DATASETS.glob("*/dataset.toml")]
    return tuple(sorted((str(file), file.stat().st_mtime_ns) for file in files))


@cache
def declared() -> Declared:
    return Declared()
