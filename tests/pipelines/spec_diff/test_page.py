"""What a change of declarations means, told of real specs that are changed in a git repository of their own."""

import re
import shutil
import subprocess

import pytest

from pipelines.errors import CallerError, SpecError
from pipelines.spec_diff.page import affected_models, changes_since, page
from pipelines.spec_diff.tree import DATASETS, MODELS
from tests.architecture.code import REPOSITORY

MODEL = MODELS / "flight_delay.toml"


@pytest.fixture
def repository(tmp_path):
    """The shipped declarations, committed on the branch main."""
    root = tmp_path / "repository"
    for folder in (DATASETS, MODELS):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, "Declare")
    return root


def git(root, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def commit(root, subject):
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", subject)


def replace(root, file, old, new):
    text = (root / file).read_text(encoding="utf-8")
    assert old in text, f"{file} does not say {old!r} any more: correct this test"
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def found(root, direction=None):
    """Texts of the changes, of one direction if given."""
    return [change.text for change in changes_since(root, "main") if direction in (None, change.direction)]


def test_nothing_changes_nothing(repository):
    assert page(repository, "main").endswith("Nothing: no spec, feature, expectation or source differs.")
    assert affected_models(repository, "main") == []


def test_a_gate_that_is_loosened_stands_out(repository):
    replace(repository, MODEL, "at_least = 0.65", "at_least = 0.6")
    assert found(repository) == ["gate floor on auc: at_least 0.65 → 0.6"]
    told = page(repository, "main")
    assert "**1 of 1 changes let more through than before.**" in told
    assert "- **loosens**: gate floor on auc: at_least 0.65 → 0.6" in told
    assert "digest of its gates changes" in told and "flight_delay__train" in told


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ("at_least = 0.65", "at_least = 0.7", "tightens"),
        ("not_worse_by = 0.015", "not_worse_by = 0.03", "loosens"),
        ("ece_at_most = 0.10", "ece_at_most = 0.08", "tightens"),
        ("rows_per_s_at_least = 5000", "rows_per_s_at_least = 500", "loosens"),
        ("within_days = 7", "within_days = 70", "loosens"),
        ('kind = "leakage"\n', 'kind = "leakage"\nreport_only = true\n', "loosens"),
        ('kind = "leakage"\n', 'kind = "leakage"\ncannot_tell = "promote"\n', "loosens"),
        ('[[gates]]\nkind = "contract"\n', "", "loosens"),
        ('name = "weather missing"', 'name = "no weather"', "loosens"),
        ("better_by = 0.0", "better_by = 0.01", "tightens"),
        ("warning_loss = 0.02", "warning_loss = 0.04", "loosens"),
    ],
)
def test_a_bound_is_told_by_what_it_lets_through(repository, old, new, direction):
    replace(repository, MODEL, old, new)
    assert len(found(repository, direction)) == 1


def test_an_added_feature_is_named_with_what_it_causes(repository):
    features = DATASETS / "flights" / "features.py"
    visibility = '"visibility_mi": ("mi", "visibility"),'
    replace(repository, features, visibility, f'{visibility}\n    "fog": ("0/1", "fog"),')
    told = page(repository, "main")
    assert "adds: feature weather.fog is new" in told and "adds: feature fog" in told
    assert "Its training sets get other digests" in told
    assert "python -m pipelines backfill flights__data --start START --end END --reprocess completed" in told
    assert affected_models(repository, "main") == ["arrival_minutes", "flight_delay"]


def test_a_renamed_model_begins_without_its_history(repository):
    replace(repository, MODEL, 'name = "flight_delay"', 'name = "late_arrival"')
    git(repository, "mv", str(MODEL), str(MODELS / "late_arrival.toml"))
    assert found(repository) == ["flight_delay is renamed to late_arrival, nothing else of it changes"]
    assert "begins without a champion" in page(repository, "main")


def test_a_model_that_is_gone_and_another_that_is_new(repository):
    shutil.copy(repository / MODEL, repository / MODELS / "cancelled.toml")
    replace(repository, MODELS / "cancelled.toml", 'name = "flight_delay"', 'name = "cancelled"')
    replace(repository, MODELS / "cancelled.toml", "at_least = 15", "at_least = 60")
    (repository / MODELS / "arrival_minutes.toml").unlink()
    told = page(repository, "main")
    assert "removes: is gone" in told and "adds: is new: classification on flights" in told


def test_an_invalid_spec_is_refused_with_its_file_and_key(repository):
    replace(repository, MODEL, "at_least = 0.65", 'at_least = "high"')
    with pytest.raises(SpecError, match=r"flight_delay\.toml: gates\[0\]\.at_least must be .*number"):
        page(repository, "main")


def test_an_expectation_that_is_dropped_loosens_the_contract(repository):
    file = repository / DATASETS / "flights" / "expectations.py"
    text = file.read_text(encoding="utf-8")
    dropped = re.search(r"\n *gx[a-z]*\.Expect\w+\([^()]*\),(?=\n)", text)
    assert dropped is not None
    file.write_text(text.replace(dropped[0], "", 1), encoding="utf-8")
    (change,) = found(repository, "loosens")
    assert change.startswith("no more expects Expect")
    assert "to hold the past to it" in page(repository, "main")


def test_schedule_training_and_approval_are_told_as_written(repository):
    replace(repository, MODEL, 'monitor = "0 0 1 * *"', 'monitor = "0 0 * * 1"')
    replace(repository, MODEL, "max_rounds = 300", "max_rounds = 500")
    with (repository / MODEL).open("a") as spec:
        spec.write('\n[approval]\nrequired = true\napprovers = ["ana"]\n')
    assert {
        "schedule.monitor: 0 0 1 * * → 0 0 * * 1",
        "training.max_rounds: 300 → 500",
        "approval.required: not set → true",
        "approval.approvers: not set → ['ana']",
    } <= set(found(repository))


def test_what_came_to_the_base_since_is_no_change_of_ours(repository):
    git(repository, "switch", "--quiet", "--create", "ours")
    replace(repository, MODEL, "max_rounds = 300", "max_rounds = 301")
    commit(repository, "Train longer")
    git(repository, "switch", "--quiet", "main")
    replace(repository, MODEL, "seed = 13", "seed = 14")
    commit(repository, "Seed otherwise")
    git(repository, "switch", "--quiet", "ours")
    assert found(repository) == ["training.max_rounds: 300 → 301"]


def test_a_ref_that_git_does_not_know_is_told(repository):
    with pytest.raises(CallerError, match="git knows no commit 'nowhere'"):
        page(repository, "nowhere")
