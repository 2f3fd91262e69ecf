"""Nothing of ours unpickles, evaluates text as code, or asks a shell: a poisoned file or form is only read."""

import ast
from pathlib import Path

import pytest

from tests.architecture.code import modules, shown, tree

OURS = (
    "pipelines/**/*.py",
    "plugins/**/*.py",
    "dags/**/*.py",
    "embedded/**/*.py",
    "feature_repo/**/*.py",
    "compose/**/*.py",
    "recovery/**/*.py",
)
PICKLING = {"pickle", "cPickle", "_pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal", "jsonpickle", "skops"}
EVALUATING = {"eval", "exec", "compile", "__import__"}
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
# Of pandas, MLflow, Feast, XGBoost's scikit-learn models and Torch: what reads a pickle behind its back.
READERS = {"read_pickle", "to_pickle", "load_model_from_pickle"}


def breaches(parsed: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import | ast.ImportFrom):
            base = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            found += [f"line {node.lineno} imports {name}" for name in base if name.split(".")[0] in PICKLING]
        elif isinstance(node, ast.Call):
            found += [f"line {node.lineno} {told}" for told in _called(node)]
    return found


def _called(node: ast.Call) -> list[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {word.arg: word.value for word in node.keywords}
    told = []
    if isinstance(node.func, ast.Name) and name in EVALUATING:
        told.append(f"calls {name}")
    if (
        isinstance(node.func, ast.Attribute)
        and name in SHELLS | READERS
        and ast.unparse(node.func) != "platform.system"
    ):
        told.append(f"calls {name}")
    for word in ("allow_pickle", "shell"):
        if word in given and not (isinstance(given[word], ast.Constant) and given[word].value is False):
            told.append(f"gives {word}=")
    # yaml.load makes objects of any class; safe_load does not.
    if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "yaml.load":
        told.append("calls yaml.load")
    return told


def test_nothing_of_ours_unpickles_evaluates_or_asks_a_shell():
    found = {shown(path): wrong for path in modules(*OURS) if (wrong := breaches(tree(path)))}
    assert not found, f"read data as data (JSON, Parquet, UBJSON), and give commands as lists: {found}"


@pytest.mark.parametrize(
    "written",
    [
        "import pickle",
        "from joblib import load",
        "def f():\n    import cloudpickle.core",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=asked)",
        "pd.read_pickle(path)",
        "eval(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "yaml.load(text, Loader=yaml.Loader)",
    ],
)
def test_the_rule_catches(written):
    assert breaches(ast.parse(written))


@pytest.mark.parametrize(
    "written",
    [
        "np.load(content)",
        "model.eval",
        "re.compile(text)",
        "subprocess.run([text])",
        "yaml.safe_load(text)",
        "platform.system()",
    ],
)
def test_the_rule_lets_pass(written):
    assert not breaches(ast.parse(written))


def test_the_client_of_mlflow_is_told_to_unpickle_nothing():
    registry = Path(__file__).resolve().parents[2] / "pipelines" / "registry.py"
    assert '"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"' in registry.read_text()
