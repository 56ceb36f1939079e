"""Who lives still."""

from contextlib import suppress
from pathlib import Path

import psutil

WITHIN_S = 60.0


def living(directory: Path) -> list[int]:
    """Processes whose node lives below the directory."""
    found = []
    for process in psutil.process_iter():
        try:
            home = process.environ().get("GRAPEVINE_HOME", "")
            if home.startswith(str(directory)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def gone(directory: Path) -> bool:
    """Whether all of them end within a minute, and all files below the directory are gone then."""
    processes = []
    for pid in living(directory):
        with suppress(psutil.NoSuchProcess):
            processes.append(psutil.Process(pid))
    _, alive = psutil.wait_procs(processes, WITHIN_S)
    return not alive and not list(directory.iterdir())
