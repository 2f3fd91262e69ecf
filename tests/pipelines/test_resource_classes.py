from pathlib import Path

import pytest

from pipelines import spec
from pipelines.errors import SpecError
from pipelines.resource_classes import DEFAULT, OWN_FILE, resource_class, resource_classes

MODEL = (spec.MODELS / "flight_delay.toml").read_text()


@pytest.fixture
def own_file(tmp_path, monkeypatch):
    """Writes the user's own classes."""

    def written(text: str) -> Path:
        file = tmp_path / "classes.toml"
        file.write_text(text)
        monkeypatch.setenv(OWN_FILE, str(file))
        return file

    return written


def declared(tmp_path: Path, compute: str, training: str = "") -> spec.ModelSpec:
    text = MODEL.replace("[training]\n", f"[training]\n{training}\n", 1) + f"\n[compute]\n{compute}\n"
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "own.toml").write_text(text)
    return spec.load_models(folder)["flight_delay"]


def test_the_shipped_classes_are_there_and_the_gpu_ones_share_a_pool():
    classes = resource_classes()
    assert set(classes) == {"cpu-small", "cpu-large", "gpu", "gpu-spot"}
    assert {name for name, one in classes.items() if one.gpus} == {"gpu", "gpu-spot"}
    assert {one.pool for one in classes.values() if one.gpus} == {"gpu"}
    assert classes["gpu-spot"].preemptions > classes["gpu"].preemptions


def test_a_step_without_a_class_gets_the_smallest(tmp_path):
    found = declared(tmp_path, 'train = "cpu-large"').compute
    assert found.class_of("train") == "cpu-large" and found.class_of("evaluate") == DEFAULT


def test_every_step_of_a_dataset_has_a_class():
    compute = spec.find_dataset("flights").compute
    assert {compute.class_of(step) for step in ("ingest", "validate", "featurize", "materialize")} == {DEFAULT}


def test_an_unknown_class_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(
        SpecError, match=r"compute\.train must be a resource class: cpu-large, cpu-small, gpu, gpu-spot"
    ):
        declared(tmp_path, 'train = "tpu"')


def test_a_step_that_is_none_is_an_unknown_key(tmp_path):
    with pytest.raises(SpecError, match=r"unknown key 'compute.ingest'.*allowed here: alert, assemble"):
        declared(tmp_path, 'ingest = "cpu-large"')


def test_a_gpu_asked_from_a_class_without_one_is_refused(tmp_path):
    with pytest.raises(SpecError, match=r"compute\.train = 'cpu-large' has no GPU; with one: gpu, gpu-spot"):
        declared(tmp_path, 'train = "cpu-large"', 'device = "cuda"')


def test_a_gpu_that_would_idle_is_refused(tmp_path):
    with pytest.raises(SpecError, match=r"has a GPU that training.device = 'cpu' leaves idle"):
        declared(tmp_path, 'train = "gpu"')


def test_a_gpu_is_asked_by_both(tmp_path):
    found = declared(tmp_path, 'train = "gpu-spot"', 'device = "cuda"')
    assert found.compute.has_gpu("train") and not found.compute.has_gpu("evaluate")


def test_users_add_classes_and_replace_shipped_ones(own_file, tmp_path):
    own_file('[mine]\ncpu = "500m"\nmemory = "1Gi"\n[cpu-small]\ncpu = "2"\nmemory = "3Gi"\n')
    assert resource_class("mine").cpu == "500m"
    assert resource_class("cpu-small").memory == "3Gi" and resource_class("cpu-large").memory == "16Gi"
    assert declared(tmp_path, 'predict = "mine"').compute.class_of("predict") == "mine"


def test_a_changed_file_is_read_anew(own_file):
    own_file('[mine]\ncpu = "1"\nmemory = "1Gi"\n')
    assert "mine" in resource_classes()
    own_file('[yours-and-mine]\ncpu = "1"\nmemory = "1Gi"\n')
    assert "yours-and-mine" in resource_classes()


@pytest.mark.parametrize(
    "text, said",
    [
        ('[mine]\ncpu = "1"\nmemory = "2G"\n', r"\[mine\] memory must match"),
        ('[mine]\ncpu = "one"\nmemory = "2Gi"\n', r"\[mine\] cpu must match"),
        ('[mine]\ncpu = "1"\n', r"\[mine\] memory is required"),
        ('[mine]\ncpu = "1"\nmemory = "2Gi"\ngpu = 1\n', r"unknown key 'gpu' .*allowed here: .*gpus"),
        ('[mine]\ncpu = "1"\nmemory = "2Gi"\nlarger = "huge"\n', r"mine\.larger must be a resource class"),
        ("[mine\n", "classes.toml: is not TOML"),
    ],
)
def test_a_wrong_class_is_named_with_what_is_wrong(own_file, text, said):
    own_file(text)
    with pytest.raises(SpecError, match=said):
        resource_classes()


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(OWN_FILE, str(tmp_path / "none.toml"))
    with pytest.raises(SpecError, match=r"TRAINYARD_RESOURCE_CLASSES names .*none\.toml, which is not a file"):
        resource_class("gpu")
