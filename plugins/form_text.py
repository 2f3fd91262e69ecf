"""What a person may write into a trigger form: text that ends up in a command and in the journal.

Airflow checks it when a run is triggered, so that what cannot go on record is refused before anything runs.
"""

from typing import Any

LONGEST = 2000
# All but control characters, and those that turn the direction of text; `pipelines.commands` makes one line of it.
READABLE = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"

_SOMETHING = r"(?=[\s\S]*\S)"


def text(*, blank: bool = True) -> dict[str, Any]:
    """As keywords of a Param, in JSON Schema's words."""
    return {"pattern": f"^{'' if blank else _SOMETHING}{READABLE}*$", "maxLength": LONGEST}
