"""The plugin's routes in Airflow's own API application: who gets in, what each role may do, and what is told."""

import json

import pytest

from pipelines.errors import CallerError
from plugins.web.app import PAGES

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>"
EVERYTHING = (
    "openapi.json",
    "api/models",
    "api/models/flight_delay",
    "api/models/flight_delay/rights",
    "api/models/flight_delay/versions/1/evaluation",
    "api/models/flight_delay/versions/1/lineage",
    "api/datasets",
    "api/datasets/flights",
    "documents/validations/flights/2013-01.html",
    "dags/flight_delay__train",
    "dags/flight_delay__train/runs/one",
    "assets/index.js",
)


@pytest.mark.parametrize("path", [*EVERYTHING, *(page.lstrip("/") for page in PAGES)])
def test_nobody_reads_anything_without_a_token(airflow, path):
    filled = path.format(model="flight_delay", dataset="flights", version=1)
    assert airflow.get(f"/trainyard/{filled}", follow_redirects=False).status_code == 401


def test_every_route_is_among_those_that_were_tried(airflow, ask):
    """One that is added later must be tried without a token too."""
    app = next(route.app for route in airflow.app.routes if getattr(route, "path", "") == "/trainyard")
    tried = {"metrics", *EVERYTHING, *(page.lstrip("/") for page in PAGES)}
    example = {"model": "flight_delay", "dataset": "flights", "version": 1, "run_id": "one", "name": "index.js"}
    example |= {"dag_id": "flight_delay__train", "path": "validations/flights/2013-01.html"}
    reads = [route.path for route in app.router.routes if "GET" in getattr(route, "methods", ())]
    asked = {path.replace(":path", "").format(**example).lstrip("/") for path in reads}
    assert asked <= tried | {path.format(**example) for path in tried}


def test_what_needs_a_person_is_told_with_its_reason(ask, told):
    row = ask("api/models").json()[0]
    assert (row["model"], row["champion"]["version"], row["champion"]["by"]) == ("flight_delay", 1, "the gates")
    assert [one["kind"] for one in row["attention"]] == ["drift", "gates"]
    assert row["attention"][1]["sentence"] == "version 2 fails versus_champion on auc: it stays a candidate"
    assert [one["value"] for one in row["quality"]] == [0.68]
    assert row["next_runs"] == {"train": "2014-01-01T00:00:00Z", "predict": "2014-01-01T00:00:00Z"}
    assert row["paused"] == ["monitor"]


def test_a_models_story_stands_on_its_time_axis(ask, told):
    page = ask("api/models/flight_delay").json()
    seen = [(mark["kind"], mark["at"][:10]) for mark in page["marks"]]
    assert sorted(seen) == [
        ("alarm", "2013-04-01"),
        ("candidate", "2013-03-01"),
        ("candidate", "2013-04-01"),
        ("promotion", "2013-03-01"),
        ("retrain", "2013-04-01"),
    ]
    assert [(one["version"], one["verdict"], one["promoted"]) for one in page["candidates"]] == [
        (2, "fail", False),
        (1, "pass", True),
    ]
    assert page["entries"][0]["action"] == "promotion"


def test_partitions_are_told_by_state(ask, told):
    page = ask("api/datasets/flights").json()
    states = [one["state"] for one in page["partitions"]]
    assert states[:3] == ["validated", "warned", "quarantined"] and set(states[3:]) == {"late"}
    assert page["partitions"][2]["reasons"] == ["a wind of 1,048 mph"]
    assert ask("api/datasets").json()[0]["counts"] == {"validated": 1, "warned": 1, "quarantined": 1, "late": 9}


@pytest.mark.parametrize(
    "path, said",
    [
        ("api/models/fligt_delay", "no model named fligt_delay"),
        ("api/models/Flight", "string should match"),
        ("api/models/flight_delay/versions/9/evaluation", "version 9 was not evaluated; evaluated: none"),
        ("api/models/flight_delay/versions/0/lineage", "greater than or equal to 1"),
        ("api/models/flight_delay/versions/9/lineage", "no release record"),
        ("api/datasets/fligts", "no dataset named fligts"),
        ("documents/..%2f..%2fetc%2fpasswd", "no page of the store"),
        ("documents/raw/flights/x.html", "no page of the store"),
        ("documents/validations/flights/..%2f..%2fx.html", "no page of the store"),
        ("documents/validations/flights/2013-07.html", "not in the store"),
        ("assets/..%2f..%2fapp.py", "not found"),
        ("dags/nobodys", "string should match"),
    ],
)
def test_what_is_not_there_is_said(ask, told, path, said):
    answer = ask(path, role="viewer")
    assert answer.status_code in (403, 404, 422) and said in answer.text.lower(), answer.text


def test_a_page_of_the_store_reaches_nothing(ask, told):
    told.write_file("validations/flights/2013-01.html", b"<script>alert(1)</script>")
    told.write_file("drift/flight_delay/2013-03.html", b"<p>drawn</p>")
    still = ask("documents/validations/flights/2013-01.html").headers["content-security-policy"]
    assert "default-src 'none'" in still and still.endswith("sandbox") and "script-src" not in still
    drawing = ask("documents/drift/flight_delay/2013-03.html").headers["content-security-policy"]
    assert drawing.endswith("sandbox allow-scripts") and "default-src 'none'" in drawing
    assert "http" not in drawing + still


def test_a_viewer_reads_and_presses_nothing(ask, told, tomorrow):
    assert set(ask("api/models/flight_delay/rights").json().values()) == {False}
    for body, path in (({"until": tomorrow, "reason": "x"}, "freeze"), ({"reason": "x"}, "unfreeze")):
        refused = ask(f"api/models/flight_delay/{path}", body=body)
        assert refused.status_code == 403 and "the right to POST on runs of flight_delay__train" in refused.text


@pytest.mark.parametrize("role", ["user", "op", "admin"])
def test_who_may_run_the_training_may_press_its_buttons(ask, told, role):
    assert ask("api/models/flight_delay/rights", role=role).json() == {
        "retrain": True,
        "backfill": True,
        "approve": True,
        "rollback": True,
        "freeze": True,
    }


def test_a_freeze_is_journalled_with_who_and_why_and_lifted_once(ask, told, tomorrow):
    body = {"until": tomorrow, "reason": HOSTILE}
    assert "is now frozen" in ask("api/models/flight_delay/freeze", "user", body).json()["sentence"]
    assert "is already frozen" in ask("api/models/flight_delay/freeze", "user", body).json()["sentence"]
    frozen = ask("api/models").json()[0]["frozen"]
    assert (frozen["by"], frozen["reason"], frozen["until"][:10]) == ("user", HOSTILE, tomorrow)
    assert ask("api/models/flight_delay/unfreeze", "user", {"reason": "it is over"}).status_code == 200
    assert ask("api/models").json()[0]["frozen"] is None
    again = ask("api/models/flight_delay/unfreeze", "user", {"reason": "it is over"})
    assert again.status_code == 409 and "is not frozen" in again.text


@pytest.mark.parametrize(
    "body",
    [
        {"until": "2013-05-01", "reason": "in the past"},
        {"until": "tomorrow", "reason": "no day"},
        {"until": "2999-01-01", "reason": "   "},
        {"until": "2999-01-01", "reason": "a\x00b"},
        {"until": "2999-01-01", "reason": "x" * 2001},
        {"until": "2999-01-01"},
        {"until": "2999-01-01", "reason": "x", "by": "somebody else"},
    ],
    ids=str,
)
def test_a_freeze_that_says_too_little_or_too_much_writes_nothing(ask, told, body):
    assert ask("api/models/flight_delay/freeze", "admin", body).status_code == 422
    assert ask("api/models").json()[0]["frozen"] is None


def test_a_key_that_may_only_read_is_told_with_the_command(ask, told, tomorrow, monkeypatch):
    def refuse(*_, **__):
        raise CallerError(
            "The store s3://trainyard/store cannot be written (AccessDenied). Use a key that may write there"
        )

    monkeypatch.setattr("pipelines.store.Store.commit_after", refuse)
    answer = ask("api/models/flight_delay/freeze", "admin", {"until": tomorrow, "reason": "x"})
    assert answer.status_code == 409 and "python -m pipelines freeze flight_delay --until" in answer.json()["detail"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}], ids=str)
def test_a_page_of_another_origin_presses_no_button(airflow, ask, told, tokens, tomorrow, headers):
    airflow.cookies.set("_token", tokens["admin"])
    try:
        body = {"until": tomorrow, "reason": "x"}
        answer = airflow.post("/trainyard/api/models/flight_delay/freeze", json=body, headers=headers)
    finally:
        airflow.cookies.clear()
    assert answer.status_code == 403 and ask("api/models").json()[0]["frozen"] is None


def test_a_dry_run_of_a_backfill_names_its_runs(ask, told):
    span = {"start": "2013-04-01", "end": "2013-07-01"}
    found = ask("api/models/flight_delay/estimate", body=span | {"family": "train"}).json()
    assert [(run["start"][:10], run["end"][:10]) for run in found["runs"]] == [
        ("2013-04-01", "2013-05-01"),
        ("2013-05-01", "2013-06-01"),
        ("2013-06-01", "2013-07-01"),
    ]
    assert found["seconds"] is None and "none has succeeded yet" in found["sentence"]
    assert len(ask("api/datasets/flights/estimate", body=span).json()["runs"]) == 3
    backwards = {"start": "2013-07-01", "end": "2013-04-01"}
    assert ask("api/datasets/flights/estimate", body=backwards).status_code == 422


def test_a_tab_in_airflow_leads_to_what_its_dag_is_about(ask, told):
    where = {
        "dags/flight_delay__monitor": "/trainyard/models/flight_delay",
        "dags/flights__data": "/trainyard/datasets/flights",
        "dags/flight_delay__train/runs/nobodys": "/trainyard/models/flight_delay",
    }
    for path, page in where.items():
        answer = ask(path)
        assert (answer.status_code, answer.headers["location"]) == (302, page)


def test_a_page_knows_its_base_and_takes_no_script_from_elsewhere(ask, told):
    page = ask("models/flight_delay")
    assert page.status_code == 200 and '<base href="/trainyard/">' in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_the_schema_names_every_answer(ask):
    schema = ask("openapi.json").json()
    assert {"ModelRow", "ModelPage", "EvaluationPage", "Lineage", "DatasetPage", "Estimate"} <= set(
        schema["components"]["schemas"]
    )
    assert json.dumps(schema).count('"$ref"') > 20
