"""The command line, over the models of the folder `models` beside this file instead of those that ship."""

from functools import partial
from pathlib import Path

from pipelines import spec
from pipelines.__main__ import main
from pipelines.errors import leave

MODELS = Path(__file__).parent / "models"

for loader in ("load_models", "sound_models"):
    setattr(spec, loader, partial(getattr(spec, loader), MODELS))

if __name__ == "__main__":
    leave(main())
