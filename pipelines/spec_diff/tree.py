"""What a tree of files declares: the working tree, or the tree of a commit."""

import ast
import hashlib
import importlib.util
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import CallerError, SpecError
from pipelines.features import FeatureView
from pipelines.spec import DatasetSpec, ModelSpec, load_datasets, load_models

DATASETS, MODELS = Path("pipelines/datasets"), Path("pipelines/models")
# Of a dataset's folder, beside its features: what is pulled, its columns and its contract.
CODE = ("source.py", "schema.py", "expectations.py", "features.py")


@dataclass(frozen=True)
class Declarations:
    """views: by dataset, None where the code of today cannot read them. digests: of a dataset's code, by file.
    expectations: by dataset, each as it is written."""

    models: dict[str, ModelSpec]
    datasets: dict[str, DatasetSpec]
    views: dict[str, tuple[FeatureView, ...] | None] = field(default_factory=dict)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    expectations: dict[str, list[str]] = field(default_factory=dict)


def declarations(root: Path) -> Declarations:
    """Raises SpecError for what is not right."""
    datasets = load_datasets(root / DATASETS)
    found = Declarations(load_models(root / MODELS, datasets), datasets)
    for name in datasets:
        folder = root / DATASETS / name
        texts = {file: (folder / file).read_text(encoding="utf-8") for file in CODE if (folder / file).is_file()}
        found.digests[name] = {file: hashlib.sha256(text.encode()).hexdigest() for file, text in texts.items()}
        found.expectations[name] = list(_expectations(texts.get("expectations.py", "")))
        found.views[name] = _views(name, folder / "features.py")
    return found


@contextmanager
def tree_at(repository: Path, ref: str) -> Iterator[Path]:
    """The declarations of a commit in a folder of their own. Raises CallerError for a name that git does not know."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "tree.tar"
        command = ["git", "-C", str(repository), "archive", f"--output={archive}", commit_of(repository, ref), "--"]
        done = subprocess.run([*command, str(DATASETS), str(MODELS)], capture_output=True, text=True)
        if done.returncode:
            raise CallerError(f"git holds no declarations at {ref}: {done.stderr.strip()}")
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


def commit_of(repository: Path, ref: str) -> str:
    """Where the branch left `ref`: what came to it since is no change of ours."""
    for command in (["merge-base", ref, "HEAD"], ["rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}"]):
        done = subprocess.run(["git", "-C", str(repository), *command], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.strip()
    raise CallerError(f"git knows no commit '{ref}' in {repository}. Give a branch, a tag or a commit; fetch it first")


def _expectations(code: str) -> Iterator[str]:
    """Every call of an expectation, on one line; nothing is run."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name.startswith("Expect"):
                arguments = ", ".join(ast.unparse(one) for one in (*node.args, *node.keywords))
                yield f"{name}({arguments})"


def _views(dataset: str, file: Path) -> tuple[FeatureView, ...] | None:
    spec = importlib.util.spec_from_file_location(f"declared_{dataset}", file)
    if spec is None or spec.loader is None:
        raise SpecError(f"{file}: is no Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        views: tuple[FeatureView, ...] = module.VIEWS
    except Exception:  # an earlier tree's code may need what is not there any more: its declarations are told as text
        return None
    return views
