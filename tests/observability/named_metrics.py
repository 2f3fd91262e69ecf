"""The metrics that exist, and those that an expression names."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml

from pipelines.prometheus import COUNTERS, INTERVAL, TOLD
from pipelines.prometheus_machine import MachineCollector
from pipelines.store import Store

REPOSITORY = Path(__file__).resolve().parents[2]
PROMETHEUS, GRAFANA = REPOSITORY / "docker" / "prometheus", REPOSITORY / "docker" / "grafana"
# Of postgres_exporter, redis_exporter and Prometheus itself, those that we use.
OTHERS = {
    "ALERTS",
    "pg_database_size_bytes",
    "pg_settings_max_connections",
    "pg_stat_activity_count",
    "pg_up",
    "redis_connected_clients",
    "redis_db_keys",
    "redis_memory_used_bytes",
    "redis_up",
    "up",
}
WORDS = {"and", "or", "unless", "offset", "bool", "by", "on", "without", "ignoring", "group_left", "group_right"}


def rules() -> list[dict[str, Any]]:
    """Every alert rule, with the file it stands in."""
    return [
        {**rule, "file": path.name}
        for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def ours() -> set[str]:
    """What `python -m pipelines metrics --port` can say."""
    machine = MachineCollector(Store("/"), Store("/no such folder")).collect()
    gauges = {f"trainyard_{name}{suffix}" for name in TOLD for suffix in INTERVAL}
    return gauges | {f"trainyard_{name}_total" for name in COUNTERS} | {family.name for family in machine}


def airflows() -> set[str]:
    """By Airflow's own list, named as the collector exports them; timers are left out, they are histograms."""
    found = importlib.util.find_spec("airflow")
    assert found is not None and found.origin is not None
    listed = Path(found.origin).parent / "_shared" / "observability" / "metrics" / "metrics_template.yaml"
    metrics = yaml.safe_load(listed.read_text(encoding="utf-8"))["metrics"]
    ending = {"counter": "_total", "gauge": ""}
    return {
        f"airflow_{re.sub('[.-]', '_', one['name'])}{ending[one['type']]}" for one in metrics if one["type"] in ending
    }


def metrics_of(expression: str) -> set[str]:
    """Names of the metrics in a PromQL expression: what is no function, no word of the language and no label."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^\]]*\]', " ", expression)
    bare = re.sub(r"\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    names = re.findall(r"(?<![\w.$])[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()", bare)
    return {name for name in names if name not in WORDS}
