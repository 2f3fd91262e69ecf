"""Where things lie under the store's URI, as relative paths.

Steps write here; Airflow's sensors look here, so this module imports nothing.
"""


def raw_table(dataset: str, table: str) -> str:
    return f"raw/{dataset}/{table}"


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


def joined_file(dataset: str, part: str, digest: str) -> str:
    return f"joined/{dataset}/{part}-{digest[:16]}.parquet"


def training_set(model: str, as_of: str) -> str:
    return f"training_sets/{model}/{as_of}.json"


def candidate(model: str, as_of: str) -> str:
    return f"candidates/{model}/{as_of}.json"


def candidate_version(model: str, version: int) -> str:
    return f"candidates/{model}/v{version}.json"


def candidate_scores(model: str, key: str) -> str:
    """Held-out rows with the scores of the candidate of that key and of the baselines."""
    return f"candidates/{model}/scores-{key}.parquet"


def evaluation(model: str, version: int) -> str:
    return f"evaluations/{model}/v{version}.json"


def evaluation_page(model: str, version: int) -> str:
    return f"evaluations/{model}/v{version}.html"


def predictions_manifest(model: str, part: str) -> str:
    """Written last by `predict`: its presence means that the partition's predictions are complete."""
    return f"predictions_manifests/{model}/{part}.json"


def drift_report(model: str, part: str) -> str:
    return f"drift/{model}/{part}.json"


def drift_page(model: str, part: str) -> str:
    return f"drift/{model}/{part}.html"
