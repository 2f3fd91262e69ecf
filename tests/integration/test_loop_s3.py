"""The whole loop on a store in S3, where nothing can be downloaded: it leaves what it leaves in a folder."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import ibis
import pytest

from pipelines.candidate import read_candidate
from pipelines.joined import joined_partition
from pipelines.layout import features_manifest, predictions_table
from pipelines.registry import Registry
from pipelines.steps import (
    assemble,
    decide_retrain,
    detect_drift,
    evaluate,
    featurize,
    ingest,
    materialize,
    predict,
    promote,
    train,
    validate,
)
from tests.integration.small_model import SMALL
from tests.pipelines.months import FEBRUARY, JANUARY, MARCH, pull

pytestmark = pytest.mark.slow
MONTHS = {"2013-01": JANUARY, "2013-02": FEBRUARY, "2013-03": MARCH}
# Under a name of its own: the model of the folder's loop is in the same MLflow.
MODEL = SMALL.model_copy(update={"name": "flight_delay_s3"})
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def extensions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder for DuckDB's extensions, and no way to a server that is not on this machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, NOWHERE)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    folder = tmp_path / "extensions"
    folder.mkdir()
    feasts = ibis.get_backend()
    feasts.raw_sql(f"SET extension_directory = '{folder}'; SET custom_extension_repository = '{NOWHERE}'")
    yield folder
    feasts.raw_sql("RESET extension_directory; RESET custom_extension_repository")


def test_the_loop_leaves_in_a_bucket_what_it_leaves_in_a_folder(s3, released, extensions, year, flights, mlflow_server):
    registry = Registry(mlflow_server.uri)
    assert ingest.run(flights, JANUARY, s3).figures["rows"] > 26_000
    for part, month in MONTHS.items():
        pull(s3, year, month)
        validate.run(flights, month, s3)
        featurize.run(flights, month, s3)
        assert s3.read_file(features_manifest("flights", part)) == released.read_file(
            features_manifest("flights", part)
        )
    assert ": online, " in materialize.run(flights, MARCH, s3).outcome

    assemble.run(MODEL, FEBRUARY, s3)
    made = train.run(MODEL, FEBRUARY, s3, registry)
    evaluate.run(MODEL, FEBRUARY, s3, registry)
    assert promote.run(MODEL, FEBRUARY, s3, registry).outcome == "version 1 is now champion from 2013-03-01"
    predict.run(MODEL, MARCH, s3, registry)
    for month in MONTHS.values():
        assert joined_partition(s3, flights, month) == joined_partition(released, flights, month)
    assert made.references["model_digest"] == read_candidate(released, SMALL.name, FEBRUARY.as_of).model_digest
    logged = [
        store.read(predictions_table(model.name), part="2013-03") for store, model in ((s3, MODEL), (released, SMALL))
    ]
    assert logged[0].equals(logged[1])

    reports = [detect_drift.run(model, MARCH, store, registry) for store, model in ((s3, MODEL), (released, SMALL))]
    assert reports[0].figures == reports[1].figures
    decided = [decide_retrain.run(model, MARCH, store) for store, model in ((s3, MODEL), (released, SMALL))]
    assert decided[0].figures == decided[1].figures
    assert list(extensions.iterdir()) == []


def test_duckdb_by_itself_would_have_to_download(s3, extensions):
    with pytest.raises(duckdb.Error, match="httpfs"):
        ibis.read_parquet(s3.location("features/flights/weather/*.parquet"))
