"""How far a backtest is: a bar in a terminal, and a line for each thing done."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


class Board:
    """Says each line once, above the bar. Without a terminal the lines alone are printed."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = Progress(
            TextColumn("[bold]trainings"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self.task = self.progress.add_task("", total=None)

    def __enter__(self) -> "Board":
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def say(self, text: str, done: int, of: int) -> None:
        self.progress.update(self.task, description=text, completed=done, total=of)
        if not self.console.is_terminal or text.startswith("trained"):
            self.console.print(text, highlight=False, soft_wrap=True)
