"""A pod's arguments arrive as they were given: the kubelet's own template language is one too."""

import re
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from pipelines.__main__ import parser
from pipelines.spec import find_model
from plugins.form_text import LONGEST
from plugins.rollback_operator import rollback_task
from tests.kube.cluster.container_environment import PodFolder, command_line
from tests.plugins.test_pod_manifest import cluster, pod_of, run_of  # noqa: F401  (cluster: its variables)

SECRETS = {"AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket", "HOME": "/tmp"}


def started(text: str) -> list[str]:
    """What the container of a rollback's pod is started with, by the kubelet's rules as the played one has them."""
    operator, run = rollback_task(find_model("flight_delay")), run_of("rollback")
    run["params"]["reason"] = text
    operator.render_template_fields(run)
    operator._prepare(run, "cpu-small", restarts=0)
    from kubernetes.client import ApiClient

    pod = ApiClient().sanitize_for_serialization(operator.build_pod_request_obj(run, dry_run=True))
    container = next(one for one in pod["spec"]["containers"] if one["name"] == "base")
    return command_line({**container, "terminationMessagePath": "/dev/termination-log"}, PodFolder(Path("/p")), SECRETS)


def test_no_variable_is_put_into_what_a_person_wrote_and_nothing_is_rendered(hostile):
    arrived = 0
    for text in hostile:
        try:
            command = started(text)
        except AirflowFailException:
            continue
        # The played kubelet moves the container's own paths to this machine's.
        reason = next(one for one in command if one.startswith("--reason="))
        assert reason == f"--reason={text}" and "secret-of-the-bucket" not in " ".join(command)
        arrived += 1
    assert arrived >= len(hostile) - 4


def test_the_played_kubelet_does_put_variables_in_where_they_are_not_escaped():
    container = {"name": "base", "command": ["echo"], "args": ["$(AWS_SECRET_ACCESS_KEY)"]}
    found = command_line({**container, "terminationMessagePath": "/dev/t"}, PodFolder(Path("/p")), SECRETS)
    assert "secret-of-the-bucket" in found


def test_the_name_of_a_pod_is_made_of_letters_whatever_the_run_is_called(hostile):
    for text in hostile:
        name = pod_of("train", run_id=text.encode("ascii", "ignore").decode())["metadata"]["name"]
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name)


@pytest.mark.parametrize("step", ["train", "predict", "detect_drift"])
def test_the_steps_of_a_pod_are_the_steps_of_the_command_line(step):
    arguments = pod_of(step)["spec"]["containers"][0]["args"]
    assert arguments[:4] == ["python", "-m", "pipelines", step] and LONGEST < 131_072
    parser().parse_args(arguments[3:])
