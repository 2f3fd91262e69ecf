"""For every alert rule the series with which it fires, and others, close by, with which it does not.

Values are promtool's: `0+5x60` begins at 0 and grows by 5 every five minutes, sixty times. The clock begins at 0, so
what lies in the past is negative.
"""

from dataclasses import dataclass, field

DAY = 86400
MONTH = 31 * DAY
MODEL = {"model": "m"}
DATASET = {"dataset": "d"}


@dataclass(frozen=True)
class Case:
    fires: dict[str, str]
    quiet: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)
    hours: int = 6


def constant(value: float) -> str:
    return f"{value}x400"


def of(subject: str, **values: float) -> dict[str, str]:
    """Series of the model m or the dataset d that do not move."""
    key = {"model": "m", "dataset": "d"}[subject]
    return {f'trainyard_{name}{{{subject}="{key}"}}': constant(value) for name, value in values.items()}


def severity(family: str, value: int) -> dict[str, str]:
    return {f'trainyard_drift_severity{{model="m", family="{family}"}}': constant(value)}


def stands_still(metric: str) -> Case:
    return Case(fires={metric: "5x400"}, quiet={metric: "0+5x400"})


def drift(family: str, fires: int, labels: dict[str, str] = MODEL) -> Case:
    return Case(severity(family, fires), severity(family, fires - 1), labels)


LATE, IN_TIME = -MONTH - DAY, -MONTH + DAY
WATCHED = {"live": 1, "monitor_period_seconds": MONTH}
OVER = {**WATCHED, "live": 0}

PLATFORM = {
    "SchedulerStandsStill": stands_still("airflow_scheduler_heartbeat_total"),
    "DagProcessorStandsStill": Case(fires={}, quiet={"airflow_dag_processor_heartbeat_total": "0+5x400"}),
    "TriggererStandsStill": stands_still("airflow_triggerer_heartbeat_total"),
    "DagsDoNotLoad": Case(
        {"airflow_dag_processing_import_errors": "1x400"}, {"airflow_dag_processing_import_errors": "0x400"}
    ),
    "TasksFail": Case(
        # Born with its first failure, minutes ago.
        fires={'airflow_ti_failures_total{dag_id="m__train", task_id="train"}': "_x70 1x4"},
        quiet={'airflow_ti_failures_total{dag_id="m__train", task_id="train"}': "1x400"},
        labels={"dag_id": "m__train"},
    ),
    "TasksWaitForSlots": Case(
        {"airflow_scheduler_tasks_starving": "3x400"}, {"airflow_scheduler_tasks_starving": "_x64 3x400"}
    ),
    "MetricsMissing": Case({'up{job="trainyard"}': "0x400"}, {'up{job="trainyard"}': "1x400"}, {"job": "trainyard"}),
    "PostgresDown": Case({"pg_up": "0x400"}, {"pg_up": "1x400"}),
    "PostgresConnectionsShort": Case(
        {'pg_stat_activity_count{state="idle"}': "170x400", "pg_settings_max_connections": "200x400"},
        {'pg_stat_activity_count{state="idle"}': "150x400", "pg_settings_max_connections": "200x400"},
    ),
    "RedisDown": Case({}, {"redis_up": "1x400"}),
    "DiskFillsUp": Case(
        {'trainyard_disk_free_bytes{disk="store"}': "14x400", 'trainyard_disk_size_bytes{disk="store"}': "100x400"},
        {'trainyard_disk_free_bytes{disk="store"}': "16x400", 'trainyard_disk_size_bytes{disk="store"}': "100x400"},
        {"disk": "store"},
    ),
    "DiskFull": Case(
        {'trainyard_disk_free_bytes{disk="store"}': "4x400", 'trainyard_disk_size_bytes{disk="store"}': "100x400"},
        {'trainyard_disk_free_bytes{disk="store"}': "6x400", 'trainyard_disk_size_bytes{disk="store"}': "100x400"},
        {"disk": "store"},
    ),
    "BackupTooOld": Case(
        {"trainyard_backup_timestamp_seconds": constant(-27 * 3600)},
        {"trainyard_backup_timestamp_seconds": constant(0)},
    ),
}
DATA = {
    "DatasetLate": Case(
        of("dataset", dataset_end_timestamp_seconds=LATE, dataset_period_seconds=MONTH, dataset_live=1),
        # All that its source has is there.
        of("dataset", dataset_end_timestamp_seconds=LATE, dataset_period_seconds=MONTH, dataset_live=0),
        DATASET,
    ),
    "PartitionsMissing": Case(
        of("dataset", dataset_partitions_missing=2), of("dataset", dataset_partitions_missing=0), DATASET
    ),
    "PartitionInQuarantine": Case(
        {'trainyard_dataset_partitions{dataset="d", status="failed"}': "1x400"},
        {
            'trainyard_dataset_partitions{dataset="d", status="failed"}': "0x400",
            'trainyard_dataset_partitions{dataset="d", status="warning"}': "4x400",
        },
        DATASET,
    ),
    "RowsDropped": Case(
        {'trainyard_dataset_rows{dataset="d"}': "100x10 40x400", **of("dataset", dataset_live=1)},
        {'trainyard_dataset_rows{dataset="d"}': "100x10 60x400", **of("dataset", dataset_live=1)},
        DATASET,
    ),
    "FeatureStale": drift("freshness", 2),
    "VolumeMoved": drift("volume", 2),
}
MODELS = {
    "MonitorStandsStill": Case(
        of("model", window_end_timestamp_seconds=LATE, **WATCHED),
        of("model", window_end_timestamp_seconds=IN_TIME, **WATCHED),
        MODEL,
    ),
    "MonitorNeverRan": Case(
        of("model", champion_version=1, champion_since_timestamp_seconds=LATE, **WATCHED),
        of("model", champion_version=1, champion_since_timestamp_seconds=IN_TIME, **WATCHED),
        MODEL,
    ),
    "WindowUnreadable": Case(of("model", window_readable=0), of("model", window_readable=1), MODEL),
    "ChampionTooOld": Case(
        of("model", champion_since_timestamp_seconds=-3 * MONTH, champion_age_limit_seconds=3 * MONTH, live=1),
        of("model", champion_since_timestamp_seconds=-2 * MONTH, champion_age_limit_seconds=3 * MONTH, live=1),
        MODEL,
    ),
    "NoChampion": Case(of("model", live=1), of("model", live=1, champion_version=1), MODEL, hours=30),
    "QualityLost": drift("quality", 3),
    "DriftCritical": drift("skew", 3, {**MODEL, "family": "skew"}),
    "GatesFail": Case(of("model", evaluation_passed=0), of("model", evaluation_passed=1), MODEL),
    "ServingStopped": Case(of("model", serving_stopped=1), of("model", serving_stopped=0), MODEL),
    "DecisionAsks": Case(
        {'trainyard_decisions_total{model="m", answer="ask"}': "0x20 1x400"},
        {'trainyard_decisions_total{model="m", answer="wait"}': "0x20 1x400"},
        MODEL,
    ),
    "PredictionsLate": Case(
        of("model", scored_end_timestamp_seconds=LATE, **WATCHED),
        of("model", scored_end_timestamp_seconds=LATE, **OVER),
        MODEL,
    ),
}
BUSINESS = {
    "BusinessFigureOutOfBounds": drift("business", 2),
    "TrainingCostDoubled": Case(
        {
            'trainyard_trainings{model="m", month="2026-01"}': "9x400",
            'trainyard_trainings_cpu_seconds{model="m", month="2026-01"}': "9000x400",
            **of("model", training_cpu_seconds=2100),
        },
        {
            'trainyard_trainings{model="m", month="2026-01"}': "9x400",
            'trainyard_trainings_cpu_seconds{model="m", month="2026-01"}': "9000x400",
            **of("model", training_cpu_seconds=1900),
        },
        MODEL,
    ),
    "TrainsOften": Case(
        {'trainyard_decisions_total{model="m", answer="retrain"}': "0+1x400"},
        {'trainyard_decisions_total{model="m", answer="retrain"}': "0x10 1x400"},
        MODEL,
    ),
}
CASES = {**PLATFORM, **DATA, **MODELS, **BUSINESS}
