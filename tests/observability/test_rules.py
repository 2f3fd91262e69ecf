"""Every alert fires when it should, is quiet when it should, and sends its reader somewhere."""

import re
import shutil
import subprocess

import pytest
import yaml

from tests.observability.named_metrics import OTHERS, PROMETHEUS, REPOSITORY, airflows, metrics_of, ours, rules
from tests.observability.rule_cases import CASES, Case

RULES = {rule["alert"]: rule for rule in rules()}
MINUTES = 5


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not installed; Debian's package is `prometheus`")
    return found


@pytest.mark.parametrize("name", RULES)
def test_a_rule_says_how_bad_what_and_what_next(name):
    rule = RULES[name]
    assert rule["labels"] == {"severity": rule["labels"]["severity"], "layer": rule["file"].removesuffix(".yml")}
    assert rule["labels"]["severity"] in ("info", "warning", "critical")
    told = rule["annotations"]
    assert len(told["summary"]) < 140
    assert re.search(r"python -m pipelines|docker |make |df |Airflow", told["description"]), (
        f"{name} has no next command"
    )
    assert (REPOSITORY / told["runbook"]).is_file(), f"{name}: {told['runbook']} is not there"


@pytest.mark.parametrize("name", RULES)
def test_a_rule_names_metrics_that_exist(name):
    unknown = metrics_of(RULES[name]["expr"]) - ours() - airflows() - OTHERS
    assert not unknown, f"{name} reads {sorted(unknown)}, which nobody exports"


def test_every_rule_has_its_cases():
    assert set(CASES) == set(RULES)


def test_prometheus_takes_the_configuration():
    done = subprocess.run([promtool(), "check", "config", "prometheus.yml"], cwd=PROMETHEUS, capture_output=True)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_every_alert_fires_when_it_should_and_only_then(tmp_path):
    written = {
        "rule_files": [str(path) for path in sorted((PROMETHEUS / "rules").glob("*.yml"))],
        "evaluation_interval": f"{MINUTES}m",
        "tests": [test for name, case in CASES.items() for test in (fires(name, case), is_quiet(name, case))],
    }
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(written, sort_keys=False))
    done = subprocess.run([promtool(), "test", "rules", str(file)], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr


def fires(name: str, case: Case) -> dict[str, object]:
    labels = ", ".join(f'{key}="{value}"' for key, value in {"alertname": name, **case.labels}.items())
    by = ", ".join(["alertname", *case.labels])
    expected = [{"labels": f"{{{labels}}}", "value": 1}]
    return _test(f"{name} fires", case.fires, case.hours, f"count by ({by}) (ALERTS{{{_of(name)}}})", expected)


def is_quiet(name: str, case: Case) -> dict[str, object]:
    return _test(f"{name} is quiet", case.quiet, case.hours, f"ALERTS{{{_of(name)}}}", [])


def _of(name: str) -> str:
    return f'alertname="{name}", alertstate="firing"'


def _test(title: str, series: dict[str, str], hours: int, expression: str, expected: list[object]) -> dict[str, object]:
    return {
        "name": title,
        "interval": f"{MINUTES}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [{"expr": expression, "eval_time": f"{hours}h", "exp_samples": expected}],
    }
