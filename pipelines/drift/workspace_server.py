"""Evidently's UI over the workspaces of several models, which grow while it serves."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.drift.workspace import build_workspace, parts_with_snapshots
from pipelines.errors import TrainyardError
from pipelines.guard import guarded
from pipelines.store import Store


@dataclass
class Pages:
    """The models of one workspace folder; shown: the parts that each had when it was last built."""

    store: Store
    models: list[str]
    folder: Path
    shown: dict[str, list[str]] = field(default_factory=dict)

    def build_all(self) -> None:
        """Raises MissingInput when a model has no window yet."""
        for model in self.models:
            parts = build_workspace(self.store, model, self.folder)
            self.shown[model] = parts
            print(f"workspace {self.folder}: {model}, {len(parts)} windows, {parts[0]} to {parts[-1]}", flush=True)

    def build_new(self) -> None:
        """Build the models whose windows are others than when they were last built."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for model in self.models:
            parts = parts_with_snapshots(self.store, model)
            if parts and parts != self.shown.get(model):
                self.shown[model] = build_workspace(self.store, model, self.folder)
                print(f"workspace {self.folder}: {model}, {len(parts)} windows", flush=True)


def serve(pages: Pages, address: str, port: int, every_s: int | None) -> None:
    """Until interrupted; every_s: seconds between two looks for new windows, None for never."""
    import uvicorn
    from evidently.ui.service.app import create_app, get_config

    application = guarded(create_app(get_config(host=address, port=port, workspace=str(pages.folder))), address)
    server = uvicorn.Server(uvicorn.Config(application, host=address, port=port, access_log=False))
    if every_s is not None:
        threading.Thread(target=_keep_new, args=(pages, every_s, server), daemon=True).start()
    server.run()


def _keep_new(pages: Pages, every_s: int, server: "uvicorn.Server") -> None:  # type: ignore[name-defined] # noqa: F821
    pause = threading.Event()
    while not server.should_exit:
        pause.wait(every_s)
        try:
            pages.build_new()
        except (TrainyardError, OSError) as problem:
            # The store is away, or a window is being written: the next look may find it whole.
            print(f"not looked for new windows: {problem}", flush=True)
