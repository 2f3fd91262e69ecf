"""How long what is not needed stays, declared once in retention.toml."""

import os
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationError

from pipelines.errors import SpecError
from pipelines.spec_errors import sentence
from pipelines.spec_words import Duration, Strict

SHIPPED = Path(__file__).resolve().parents[1] / "retention.toml"
OWN_FILE = "TRAINYARD_RETENTION"


# A step that runs may still write what nothing names yet, and Delta Lake itself asks for a week.
def _at_least(days: int) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if value < timedelta(days=days):
            raise ValueError(f"must be P{days}D or more: what runs may still need what is younger")
        return value

    return AfterValidator(check)


Week = Annotated[Duration, _at_least(7)]
Day = Annotated[Duration, _at_least(1)]


class Retention(Strict):
    """Ages, of files by the time of their writing."""

    recovery_window: Week
    orphans: Week
    pages: Week
    drafts: Day
    logs: Day
    deleted_runs: Day


def retention() -> Retention:
    """Of the file that TRAINYARD_RETENTION names, else the shipped one. Raises SpecError."""
    file = Path(os.environ.get(OWN_FILE) or SHIPPED)
    try:
        return Retention.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise SpecError(f"{OWN_FILE} names {file}, which cannot be read ({error}). Write one, or unset it.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{file.name}: is not TOML: {error}") from error
    except ValidationError as error:
        lines = [f"{file.name}: {sentence(Retention, one)}" for one in error.errors()]
        raise SpecError("\n".join(lines)) from error
