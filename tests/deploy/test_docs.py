"""docs/kubernetes.md tells what the code and the manifests hold."""

import re
import tomllib
from collections.abc import Iterator

import pytest

from pipelines.resource_classes import SHIPPED
from tests.deploy.manifests import REPOSITORY, named, of_kind

PAGE = (REPOSITORY / "docs" / "kubernetes.md").read_text(encoding="utf-8")
# What the step or Kubernetes itself says, and no line of ours.
OTHERS_WORDS = ("the step's own sentence", "skipped, exit 99", "no PriorityClass with name")


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the tables under a heading, without their first two lines."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in section.splitlines() if line.startswith("|")]
    yield from ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:])


def test_every_message_of_the_table_is_one_of_ours():
    source = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "plugins").glob("*.py"))
    messages = [row[0] for row in rows("What a failure says, and what to do") if not row[0].startswith(OTHERS_WORDS)]
    assert len(messages) > 15
    for message in messages:
        for words in re.split(r"…|;|VERB RESOURCE|[():]", message):
            assert words.strip() in source, f"docs/kubernetes.md quotes '{words.strip()}', which plugins/ does not say"


@pytest.mark.parametrize("name, one", tomllib.loads(SHIPPED.read_text(encoding="utf-8")).items())
def test_every_shipped_class_stands_in_the_table(name, one):
    (row,) = [row for row in rows("Resource classes") if row[0] == f"`{name}`"]
    assert row[1] == one["cpu"]
    assert row[2].startswith(one["memory"].replace("Gi", " Gi"))
    assert row[3] == str(one.get("gpus", ""))
    assert one.get("pool", "default_pool") in row[5]


def test_the_priorities_are_those_of_the_cluster():
    told = {row[0].strip("`"): int(row[2]) for row in rows("Pre-emption")}
    assert told == {one["metadata"]["name"]: one["value"] for one in of_kind("prod", "PriorityClass")}


def test_the_secrets_are_those_that_pods_ask_for():
    told = {(row[0].strip("`"), row[1].strip("`")) for row in rows("Production")}
    container = named("prod", "Deployment", "mlflow")["spec"]["template"]["spec"]["containers"][0]
    asked = {one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one}
    assert {("mlflow", name) for name in asked} | {("trainyard", "trainyard-steps")} <= told
