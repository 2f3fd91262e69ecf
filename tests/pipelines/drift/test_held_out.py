from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.candidate import Candidate, candidate_of, write_candidate
from pipelines.drift.held_out import held_out_of
from pipelines.interval import partition_interval
from pipelines.joined import JoinedPartition
from pipelines.training_set import TrainingSet, keep
from tests.pipelines.drift.made_windows import spec_with

MARCH = partition_interval("2013-03", "month")
SCORES, JOINED = "candidates/flight_delay/scores-k.parquet", "joined/flights/2013-03-d.parquet"
SPEC = spec_with(slices=["origin"])


def put(store, path: str, frame: pd.DataFrame) -> None:
    store.write_parquet(path, pa.Table.from_pandas(frame, preserve_index=False))


def trained(store, joined: pd.DataFrame) -> None:
    """Version 3, trained on the joined rows, with the first three of them held out in reverse order."""
    put(store, JOINED, joined)
    partitions = [
        JoinedPartition("2013-02", "joined/flights/gone.parquet", "d", 1),
        JoinedPartition("2013-03", JOINED, "d", len(joined)),
    ]
    manifest = TrainingSet("flight_delay", MARCH.end.isoformat(), ["origin"], {"column": "arr_delay_min"}, partitions)
    keep(store, manifest)
    made = Candidate("flight_delay", manifest.as_of, 3, "run", "k", 8, manifest.digest, "m", "s", [SCORES])
    write_candidate(store, made)


def held_out_rows(joined: pd.DataFrame) -> pd.DataFrame:
    kept = joined.iloc[[2, 1, 0]]
    return pd.DataFrame(
        {
            "key": kept["flight_id"].to_numpy(),
            "at": kept["sched_dep_at"].to_numpy(),
            "day": "2013-03-05",
            "label": [1.0, 0.0, 0.0],
            "candidate": [0.7, 0.2, 0.1],
        }
    ).assign(at=lambda frame: pd.to_datetime(frame["at"], utc=True))


def flights() -> pd.DataFrame:
    at = pd.date_range(MARCH.start, periods=4, freq="D", unit="us")
    return pd.DataFrame(
        {
            "flight_id": list("abcd"),
            "sched_dep_at": at,
            "landed_at": at,
            "arr_delay_min": 20.0,
            "origin": ["EWR", "JFK", "LGA", "JFK"],
        }
    )


def test_held_out_rows_carry_the_columns_of_slices_in_their_own_order(store):
    put(store, SCORES, held_out_rows(flights()))
    trained(store, flights())
    found = held_out_of(SPEC, store, 3, SCORES)
    assert found.columns["origin"].tolist() == ["LGA", "JFK", "EWR"]
    assert np.array_equal(found.score, [0.7, 0.2, 0.1]) and found.day[0] == "2013-03-05"


def test_without_slices_or_without_the_training_set_there_are_no_columns(store):
    put(store, SCORES, held_out_rows(flights()))
    assert held_out_of(SPEC, store, 3, SCORES).columns.empty
    assert held_out_of(spec_with(slices=[]), store, 3, SCORES).label.tolist() == [1.0, 0.0, 0.0]


def test_older_windows_of_the_walk_forward_come_with_the_newest_as_far_as_they_are_kept(store):
    older = "candidates/flight_delay/scores-j.parquet"
    put(store, SCORES, held_out_rows(flights()))
    put(store, older, held_out_rows(flights()).assign(day="2013-02-05", candidate=0.4))
    trained(store, flights())
    made = candidate_of(store, "flight_delay", 3)
    write_candidate(store, replace(made, walk_forward=[SCORES, older, "candidates/flight_delay/gone.parquet"]))
    found = held_out_of(SPEC, store, 3, SCORES)
    assert len(found.label) == 3
    assert found.every_window.day.tolist() == ["2013-03-05"] * 3 + ["2013-02-05"] * 3
    assert found.every_window.score.tolist() == [0.7, 0.2, 0.1, 0.4, 0.4, 0.4]
