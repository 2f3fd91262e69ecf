"""Small programs in the place of a step's own, and the small classes that they run in."""

import json

from pipelines.spec import find_model

MODEL = find_model("flight_delay")
# Small and quick: what they are is told by the tests that need it.
CLASSES = """
[cpu-small]
cpu = "100m"
memory = "96Mi"
scratch = "64Mi"
grace_s = 5
preemptions = 2
larger = "cpu-large"

[cpu-large]
cpu = "200m"
memory = "512Mi"
grace_s = 5
"""
RESULT = {
    "step": "train",
    "subject": "flight_delay",
    "start": "2013-01-01T00:00:00+00:00",
    "end": "2013-02-01T00:00:00+00:00",
    "outcome": "version 3: 190 rounds",
    "references": {"candidate": "candidates/flight_delay/v3.json"},
    "figures": {"version": 3},
    "summary": "",
    "cost": {"cpu_s": 1.5, "wall_s": 2.0, "peak_memory_mb": 90.0, "gpu_s": None},
}
HEAD = """
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
result = sys.argv[sys.argv.index('--result') + 1]
"""
LEAVES = f"open(result, 'w').write({json.dumps(json.dumps(RESULT))})\n"
WAITS = "print('working', flush=True)\ntime.sleep(60)\n"


def once(then: str, first: str = WAITS) -> str:
    """A program whose first pod does one thing and whose later ones another."""
    return f"""
mark = os.path.join(os.environ['TRAINYARD_STORE'], 'started')
again = os.path.exists(mark)
open(mark, 'a').write('x')
if not again:
{_indented(first)}
else:
{_indented(then)}
"""


def _indented(program: str) -> str:
    return "\n".join(f"    {line}" for line in program.strip().splitlines())
