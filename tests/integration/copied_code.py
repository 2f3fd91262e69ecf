"""A copy of the product that declares small models of its own, for steps in processes of theirs."""

import shutil
from pathlib import Path

from pipelines.environment import REPO
from pipelines.spec import ModelSpec, load_models

# Many small chunks, each saved: the training is always in the midst of something.
RECIPE = """\
[training]
chunk_rounds = 2
checkpoint_s = 0
early_stopping_rounds = 100
"""


def copy_of_code(folder: Path, *names: str) -> dict[str, ModelSpec]:
    """What the copy declares: `flight_delay` under each of the names, with 100 rounds in chunks of 2."""
    shutil.copytree(REPO / "pipelines", folder / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    models = folder / "pipelines" / "models"
    told = (models / "flight_delay.toml").read_text()
    told = told.replace("[training]\n", RECIPE, 1).replace("max_rounds = 300", "max_rounds = 100")
    told = told.replace("eta = 0.06", "eta = 0.02").replace('["majority", "logistic_regression"]', '["majority"]')
    for shipped in models.glob("*.toml"):
        shipped.unlink()
    for name in names:
        (models / f"{name}.toml").write_text(told.replace('"flight_delay"', f'"{name}"'))
    return load_models(models)
