"""The feature columns that gates read."""

from pipelines.errors import SpecError
from pipelines.features import declared_views
from pipelines.spec import ModelSpec


def require_declared(spec: ModelSpec) -> None:
    """Raises SpecError, naming gate and column, for a column that is no feature of the model's dataset, or unfit."""
    views = declared_views(spec.dataset)
    declared = [name for view in views for name in view.columns()]
    for position, gate in enumerate(spec.gates):
        for column in gate.feature_columns:
            if column not in declared:
                raise SpecError(
                    f"{spec.name}: gates[{position}], {gate.kind}, reads the column '{column}', which is not a feature "
                    f"of {spec.dataset}; declared: {', '.join(declared)}"
                )
        if misfit := gate.misfit(views):
            raise SpecError(f"{spec.name}: gates[{position}], {gate.kind}, {misfit}")
