"""The dashboards are what Grafana loads, lead from figures to details, and ask for what is there."""

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.observability.named_metrics import GRAFANA, OTHERS, airflows, metrics_of, ours
from tests.observability.test_rules import promtool

LAYERS = ("business", "data", "model", "platform")
FILES = {path.stem: path for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
PANELS = {"stat", "timeseries", "table", "barchart", "row"}
WIDTH = 24
VARIABLES = {"$model": ".*", "$dataset": ".*", "$cpu_price": "0.05", "$gpu_price": "2.5"}


def board(layer: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILES[layer].read_text(encoding="utf-8"))
    return found


def panels(layer: str) -> list[dict[str, Any]]:
    return [panel for panel in board(layer)["panels"] if panel["type"] != "row"]


def expressions(layer: str) -> list[str]:
    return [target["expr"] for panel in panels(layer) for target in panel["targets"]]


def source() -> str:
    told = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "prometheus.yaml").read_text(encoding="utf-8"))
    (one,) = told["datasources"]
    uid: str = one["uid"]
    return uid


def test_there_is_one_for_each_layer():
    assert tuple(FILES) == LAYERS
    assert len({board(layer)["uid"] for layer in LAYERS}) == len({board(layer)["title"] for layer in LAYERS}) == 4


@pytest.mark.parametrize("layer", LAYERS)
def test_grafana_finds_what_it_needs(layer):
    told = board(layer)
    assert told["schemaVersion"] >= 36 and told["timezone"] == "utc" and "id" not in told
    assert re.fullmatch(r"[a-z-]{1,40}", told["uid"])
    ids = [panel["id"] for panel in told["panels"]]
    assert len(ids) == len(set(ids))
    for panel in told["panels"]:
        assert panel["type"] in PANELS and panel["title"]
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["x"] + place["w"] <= WIDTH
    for panel in panels(layer):
        assert panel["datasource"] == {"type": "prometheus", "uid": source()}
        assert all(target["datasource"]["uid"] == source() for target in panel["targets"])
        references = [target["refId"] for target in panel["targets"]]
        assert references and len(references) == len(set(references))


@pytest.mark.parametrize("layer", LAYERS)
def test_no_panel_lies_on_another(layer):
    taken: set[tuple[int, int]] = set()
    for panel in board(layer)["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not taken & cells, f"{layer}: {panel['title']} lies on another panel"
        taken |= cells


@pytest.mark.parametrize("layer", LAYERS)
def test_it_begins_with_figures_that_have_units_and_bounds(layer):
    first, *others = board(layer)["panels"]
    assert first["type"] == "row"
    assert [panel["type"] for panel in others[:6]] == ["stat"] * 6
    for panel in panels(layer):
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] and defaults["thresholds"]["steps"]
    bounded = [panel for panel in others[:6] if len(panel["fieldConfig"]["defaults"]["thresholds"]["steps"]) > 1]
    assert bounded, f"{layer}: no figure of the first row says when it is bad"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_metric_exists(layer):
    for expression in expressions(layer):
        unknown = metrics_of(expression) - ours() - airflows() - OTHERS
        assert not unknown, f"{layer}: {expression} reads {sorted(unknown)}, which nobody exports"


@pytest.mark.parametrize("layer", LAYERS)
def test_every_variable_is_declared_and_used(layer):
    used = {name for expression in expressions(layer) for name in re.findall(r"\$(\w+)", expression)}
    assert used == {variable["name"] for variable in board(layer)["templating"]["list"]}


@pytest.mark.parametrize("layer", LAYERS)
def test_prometheus_can_read_every_expression(layer, tmp_path):
    rules = [{"record": f"panel_{n}", "expr": filled_in(one)} for n, one in enumerate(expressions(layer))]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": layer, "rules": rules}]}))
    done = subprocess.run([promtool(), "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def filled_in(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def test_grafana_finds_the_dashboards():
    told = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "trainyard.yaml").read_text(encoding="utf-8"))
    (provider,) = told["providers"]
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards" and provider["allowUiUpdates"] is False
