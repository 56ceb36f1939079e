"""`python -m sim.demo`: from an empty directory to an attack that fails. Exit 0 when it did."""

import argparse
import sys
from pathlib import Path

from node.query.schema import QueryError
from sim.demo.acts import play
from sim.demo.dataset import DatasetUnavailable, default_cache
from sim.demo.fleet import DemoFailed
from sim.demo.show import Screen


def main() -> int:
    """Run the demo; exit code 0 when every promised figure was reached, else 1."""
    parser = argparse.ArgumentParser(prog="python -m sim.demo", description=__doc__)
    parser.add_argument(
        "--cache", type=Path, default=default_cache(), help="where the data is kept"
    )
    screen = Screen()
    try:
        failures = play(screen, parser.parse_args().cache)
    except (DemoFailed, QueryError, DatasetUnavailable) as error:
        screen.say(f"the demo stopped: {error}")
        for note in getattr(error, "__notes__", ()):
            screen.say(note)
        return 1
    except KeyboardInterrupt:
        screen.say("stopped")
        return 130
    screen.say(f"done in {screen.elapsed_s():.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
