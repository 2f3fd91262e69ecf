"""Where things lie under the store's URI, as relative paths.

Steps write here; Airflow's sensors look here, so this module imports nothing.
"""

RAW = "raw"


def raw_table(dataset: str, table: str) -> str:
    return f"{RAW}/{dataset}/{table}"


def quarantine_table(dataset: str) -> str:
    return f"quarantine/{dataset}"


def predictions_table(model: str) -> str:
    return f"predictions/{model}"


JOURNAL_TABLE = "journal"


def validation_page(dataset: str, part: str) -> str:
    return f"validations/{dataset}/{part}.html"


def validation_result(dataset: str, part: str) -> str:
    return f"validations/{dataset}/{part}.json"


def feature_file(dataset: str, view: str, part: str) -> str:
    return f"features/{dataset}/{view}/{part}.parquet"


def features_manifest(dataset: str, part: str) -> str:
    """Written last by `featurize`: its presence means that the partition's features are complete."""
    return f"features/{dataset}/_manifests/{part}.json"


def joined_folder(dataset: str) -> str:
    return f"joined/{dataset}"


def joined_file(dataset: str, part: str, digest: str) -> str:
    return f"{joined_folder(dataset)}/{part}-{digest[:16]}.parquet"


def join_inputs(joined: str) -> str:
    """What the joined file at that path was made from."""
    return f"{joined.removesuffix('.parquet')}.json"


def training_set(model: str, as_of: str) -> str:
    return f"training_sets/{model}/{as_of}.json"


def kept_training_set(model: str, digest: str) -> str:
    """The same under its digest: written once."""
    return f"training_sets/{model}/kept/{digest}.json"


def candidate(model: str, as_of: str) -> str:
    return f"candidates/{model}/{as_of}.json"


def candidate_version(model: str, version: int) -> str:
    return f"candidates/{model}/v{version}.json"


def candidate_scores(model: str, key: str) -> str:
    """Held-out rows with the scores of the candidate of that key and of the baselines."""
    return f"candidates/{model}/scores-{key}.parquet"


def checkpoints_folder(model: str, key: str | None = None) -> str:
    """Of the trainings under way, or of the one of that key: deleted once its candidate is registered."""
    return f"checkpoints/{model}" if key is None else f"checkpoints/{model}/{key}"


def fit_checkpoints(model: str, key: str, fit: str) -> str:
    """Pairs of a Booster `<rounds>.ubj` and its manifest `<rounds>-<SHA-256 of the manifest>.json`, written last."""
    return f"{checkpoints_folder(model, key)}/{fit}"


def evaluation(model: str, version: int) -> str:
    return f"evaluations/{model}/v{version}.json"


def evaluation_page(model: str, version: int) -> str:
    return f"evaluations/{model}/v{version}.html"


def evaluation_curves(model: str, version: int) -> str:
    """The points that the page's curves are drawn from."""
    return f"curves/{model}/v{version}.json"


def measurements(model: str, version: int) -> str:
    """What serving the version costs, beside the champion that it was measured with."""
    return f"measurements/{model}/v{version}.json"


def releases_folder(model: str) -> str:
    return f"releases/{model}"


def release_folder(model: str, version: int) -> str:
    return f"{releases_folder(model)}/v{version}"


def release_record(model: str, version: int, revision: int, digest: str) -> str:
    """Named by the SHA-256 of its bytes, and so never written again with others."""
    return f"{release_folder(model, version)}/r{revision:03}-{digest}.json"


def promoted_record(model: str, version: int, number: int, digest: str) -> str:
    """The record with its approval and promotion; number: of the promotion among all of the model."""
    return f"{release_folder(model, version)}/promoted-{number:04}-{digest}.json"


def answered_record(model: str, version: int, number: int, digest: str) -> str:
    """The record with a person's answer; number: of the answer in the journal."""
    return f"{release_folder(model, version)}/answered-{number:04}-{digest}.json"


def predictions_manifest(model: str, part: str) -> str:
    """Written last by `predict`: its presence means that the partition's predictions are complete."""
    return f"predictions_manifests/{model}/{part}.json"


def drift_report(model: str, part: str) -> str:
    return f"drift/{model}/{part}.json"


def drift_page(model: str, part: str) -> str:
    return f"drift/{model}/{part}.html"


def drift_snapshot(model: str, part: str) -> str:
    """Evidently's snapshot behind the page, for its own workspace."""
    return f"drift/{model}/{part}.snapshot.json"


def monitoring_table(model: str) -> str:
    """Every series of every window, partitioned by the run that observed them."""
    return f"monitoring/{model}"


def drift_thresholds(model: str, version: int) -> str:
    """What each series reaches by chance alone, for that version."""
    return f"thresholds/{model}/v{version}.json"


SOURCE_DIGITS = 16


def labels_folder(model: str) -> str:
    return f"labels/{model}"


def window_labels(model: str, part: str, as_of: str, source: str) -> str:
    """The labels of a window's rows as they were known at the time; source: digest of the rows they came with."""
    return f"{labels_folder(model)}/{part}/{as_of}-{source[:SOURCE_DIGITS]}.parquet"


def backtest_folder(model: str) -> str:
    """Scores kept by training-set digest, and the newest comparison of policies."""
    return f"backtests/{model}"


def step_result(pod: str) -> str:
    """What a step in a pod wrote before all else, by the pod's uid: a result outlives its pod."""
    return f"results/{pod}.json"
