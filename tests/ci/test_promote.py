"""Images go to prod by digest, of one commit, and through dev."""

import shutil
import subprocess

import pytest

from pipelines.environment import REPO, read_settings

OVERLAYS, HELM = "deploy/kustomize/overlays", "deploy/helm/airflow.yaml"
DIGEST = "0123456789abcdef" * 4


def images(tag="aaaabbbbcccc", digest=DIGEST):
    return [f"ghcr.io/team/yard/{name}:{tag}@sha256:{digest}" for name in ("airflow", "steps", "steps-gpu")]


@pytest.fixture
def promote(tmp_path):
    for path in (".ci", OVERLAYS):
        shutil.copytree(REPO / path, tmp_path / path)
    (tmp_path / HELM).parent.mkdir(parents=True)
    shutil.copy(REPO / HELM, tmp_path / HELM)

    def run(*arguments):
        command = ["bash", ".ci/promote", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


def test_prod_takes_what_dev_names(promote, tmp_path):
    assert promote("dev", *images()).returncode == 0
    assert promote("prod", *images()).returncode == 0
    named = read_settings(tmp_path / OVERLAYS / "prod" / "images.env")
    assert list(named.values()) == images()
    assert 'defaultAirflowTag: "aaaabbbbcccc"' in (tmp_path / HELM).read_text()


def test_prod_refuses_what_dev_does_not_name(promote, tmp_path):
    before = (tmp_path / OVERLAYS / "prod" / "images.env").read_text()
    done = promote("prod", *images())
    assert done.returncode == 2 and "merge their promotion to dev first" in done.stderr
    assert (tmp_path / OVERLAYS / "prod" / "images.env").read_text() == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["dev", *[image.partition("@")[0] for image in images()]], "is no image of a commit by digest"),
        (["dev", *images("latest")], "is no image of a commit by digest"),
        (["dev", *images()[:2], *images("ddddeeeeffff")[2:]], "are of two commits"),
        (["dev", *images()[:2], "x; touch /tmp/promoted"], "is no image of a commit by digest"),
        (["staging", *images()], "usage:"),
    ],
)
def test_what_could_be_another_image_tomorrow_is_refused(promote, given, told):
    done = promote(*given)
    assert done.returncode == 2 and told in done.stderr
