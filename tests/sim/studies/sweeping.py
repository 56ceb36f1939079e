"""A sweep in a process of its own: `python -m tests.sim.studies.sweeping FILE DIRECTORY`."""

import sys
from pathlib import Path

from sim.outcome import Progress
from sim.studies.sweep import read, sweep
from tests.sim.studies.engines import run_or_wait


def _tell(progress: Progress) -> None:
    print(progress.done, flush=True)


if __name__ == "__main__":
    try:
        sweep(
            read(Path(sys.argv[1])), Path(sys.argv[2]), workers=2, progress=_tell, run=run_or_wait
        )
    except KeyboardInterrupt:
        sys.exit(130)
