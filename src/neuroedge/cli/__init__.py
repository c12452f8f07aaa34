"""The command line: `neuroedge VERB [options]`. Verbs load what they need when they run."""

import argparse
import sys
import traceback
from importlib import import_module
from typing import List, Optional

from ..errors import NeuroedgeError

__all__ = ["main"]

# verb, and its first example
VERBS = {
    "bench": "neuroedge bench --precision int8 --keep 0.2",
    "demo": "neuroedge demo --out demo.png",
    "info": "neuroedge info",
    "power": "neuroedge power 5W",
    "show": "neuroedge show digits.ne",
    "verify": "neuroedge verify digits.ne",
}
DONE, FAILED, USAGE, BUG, INTERRUPTED = 0, 1, 2, 70, 130


def _overview() -> str:
    lines = ["neuroedge: spiking networks on the device you have", ""]
    for verb, example in VERBS.items():
        summary = (import_module(f".{verb}", __name__).__doc__ or "").splitlines()[0].rstrip(".")
        lines.append(f"  {verb:<6} {summary}")
        lines.append(f"         {example}")
    return "\n".join([*lines, "", "neuroedge VERB --help tells more."])


def _parser(verb: str) -> argparse.ArgumentParser:
    module = import_module(f".{verb}", __name__)
    parser = argparse.ArgumentParser(
        prog=f"neuroedge {verb}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.options(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--debug", action="store_true", help="a traceback with every error")
    return parser


def main(argv: Optional[List[str]] = None) -> int:
    """Run one verb; returns the exit code: 0 done, 1 could not, 2 usage, 70 our bug, 130 interrupted."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return DONE
    if arguments[0] == "--version":
        from .. import __version__

        print(f"neuroedge {__version__}")
        return DONE
    if arguments[0] not in VERBS:
        print(f"error: unknown verb {arguments[0]!r}\nhint: one of {', '.join(VERBS)}", file=sys.stderr)
        return USAGE
    options = _parser(arguments[0]).parse_args(arguments[1:])
    return _guarded(arguments[0], options)


def _guarded(verb: str, options: argparse.Namespace) -> int:
    try:
        return int(import_module(f".{verb}", __name__).run(options))
    except KeyboardInterrupt:
        return INTERRUPTED
    except (NeuroedgeError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except Exception:
        traceback.print_exc()
        print("error: this is a bug in neuroedge; please report it with the lines above", file=sys.stderr)
        return BUG
