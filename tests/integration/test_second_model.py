"""The second model goes all the way by the command line alone, with no code of its own."""

import json
import shutil

import pytest

pytestmark = pytest.mark.slow
MARCH = ("--start", "2013-03-01", "--end", "2013-04-01")
APRIL = ("--start", "2013-04-01", "--end", "2013-05-01")
STEPS = [
    ("ingest", "--dataset", "flights", *APRIL),
    ("validate", "--dataset", "flights", *APRIL),
    ("featurize", "--dataset", "flights", *APRIL),
    ("assemble", "--model", "arrival_minutes", *MARCH),
    ("train", "--model", "arrival_minutes", *MARCH),
    ("evaluate", "--model", "arrival_minutes", *MARCH),
    ("promote", "--model", "arrival_minutes", *MARCH),
    ("predict", "--model", "arrival_minutes", *APRIL),
    ("detect_drift", "--model", "arrival_minutes", *APRIL),
    ("decide_retrain", "--model", "arrival_minutes", *APRIL),
]


def test_arrival_minutes_goes_through_every_step(joined_home, home, command, mlflow_server):
    shutil.copytree(joined_home / "store", home / "store")
    results = {}
    for step, *arguments in STEPS:
        file = home / "results" / f"{step}.json"
        ran = command(step, *arguments, "--result", str(file), MLFLOW_TRACKING_URI=mlflow_server.uri)
        assert ran.returncode == 0, f"{step}: {ran.stdout}\n{ran.stderr}"
        results[step] = json.loads(file.read_text())
        assert ran.stdout.strip().splitlines()[-1] == f"{step} {results[step]['subject']} {results[step]['outcome']}"
        assert file.stat().st_size < 4000, "a result holds references, never data"
    assert results["evaluate"]["figures"]["verdict"] == "pass"
    assert 10 < results["evaluate"]["figures"]["mae"] < 30
    assert results["predict"]["figures"]["rows"] > 28_000
    assert 10 < results["detect_drift"]["figures"]["mae"] < 35

    ran = command("status", "arrival_minutes", "--json")
    found = json.loads(ran.stdout)
    assert found["champion"]["version"] == results["promote"]["figures"]["version"]
    assert found["champion"]["effective_from"] == "2013-04-01T00:00:00+00:00"
    assert found["evaluation"]["verdict"] == "pass"
    assert found["drift"]["severity"] == results["detect_drift"]["figures"]["severity"]
    assert results["detect_drift"]["outcome"].endswith(found["drift"]["sentence"])
    assert found["decision"] == results["decide_retrain"]["figures"]["decision"]
    text = command("status", "arrival_minutes").stdout
    assert "version 1 since 2013-04-01" in text and "data        flights up to 2013-04" in text
