"""Quantities of resources: `500m` CPU, `2Gi` memory.

Source: k8s.io/apimachinery/pkg/api/resource.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}
DECIMAL = {"m": Decimal("0.001"), "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

Amounts = Mapping[str, Decimal]


def parse(quantity: str | int | float) -> Decimal:
    """Cores, bytes or a count."""
    text = str(quantity)
    for suffix, factor in (*BINARY.items(), *DECIMAL.items()):
        if text.endswith(suffix):
            return Decimal(text.removesuffix(suffix)) * factor
    return Decimal(text)


def written(resource: str, amount: Decimal) -> str:
    """As the API writes it: the largest unit that leaves a whole number."""
    if "memory" in resource or "storage" in resource:
        fitting = [suffix for suffix, factor in BINARY.items() if amount and amount % factor == 0]
        return f"{amount / BINARY[fitting[-1]]:f}" + fitting[-1] if fitting else f"{amount:f}"
    whole = amount.to_integral_value()
    return f"{whole:f}" if whole == amount else f"{(amount * 1000).to_integral_value():f}m"


def total(pod: dict[str, Any], what: str) -> Counter[str]:
    """What all containers of a pod ask for together; what: requests or limits."""
    amounts: Counter[str] = Counter()
    for container in pod["spec"]["containers"]:
        for resource, quantity in ((container.get("resources") or {}).get(what) or {}).items():
            amounts[resource] += parse(quantity)
    return amounts


def added(amounts: Iterable[Amounts]) -> Counter[str]:
    together: Counter[str] = Counter()
    for one in amounts:
        together.update(one)
    return together
