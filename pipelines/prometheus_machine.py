"""What Prometheus reads of the machine that serves metrics: how full its disks are, and how old the backups."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipelines.store import Store

# A backup's manifest, written last, is named by when it began, in UTC, and its digest.
BACKUPS, BEGAN = "backups", "%Y-%m-%dT%H-%M-%S"
BEGAN_LENGTH = 19


class MachineCollector(Collector):
    """In a container the code lies on the disk of the engine, which holds its volumes as well."""

    def __init__(self, store: Store, backups: Store | None) -> None:
        self.backups = backups
        self.folders = {"machine": Path(__file__).parent}
        if not store.remote:
            self.folders["store"] = Path(store.uri)

    def collect(self) -> Iterator[Metric]:
        free = GaugeMetricFamily("trainyard_disk_free_bytes", "Free for those who are not root.", labels=["disk"])
        size = GaugeMetricFamily("trainyard_disk_size_bytes", "Of the whole file system.", labels=["disk"])
        for disk, folder in self.folders.items():
            if folder.is_dir():
                used = shutil.disk_usage(folder)
                free.add_metric([disk], used.free)
                size.add_metric([disk], used.total)
        yield free
        yield size
        if self.backups is not None:
            yield self._backups(self.backups)

    def _backups(self, backups: Store) -> Metric:
        names = backups.list_files(BACKUPS, ".json")
        # Declared and never taken is as old as can be: a rule on its age must see that too.
        began = datetime.strptime(names[-1][:BEGAN_LENGTH], BEGAN).replace(tzinfo=UTC).timestamp() if names else 0.0
        told = "When the newest whole backup began; 0 where there is none."
        return GaugeMetricFamily("trainyard_backup_timestamp_seconds", told, value=began)
