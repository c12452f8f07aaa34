"""The command line: `neuroedge VERB [MODEL] [options]`. Verbs load what they need when they run."""

import argparse
import ast
import difflib
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, List, NoReturn, Optional

from ..errors import NeuroedgeError, ParameterError
from .environment import VARIABLES
from .table import print_failure

__all__ = ["main"]

# verb, and its first example
VERBS = {
    "info": "neuroedge info",
    "show": "neuroedge show digits",
    "check": "neuroedge check digits --board nano",
    "verify": "neuroedge verify digits",
    "run": "neuroedge run motion --sink -",
    "bench": "neuroedge bench --precision int8 --keep 0.2",
    "shrink": "neuroedge shrink digits -o small.ne --keep 0.2 --precision int8",
    "train": "neuroedge train 64-128-10 --data digits -o mine.ne",
    "power": "neuroedge power 5W",
    "demo": "neuroedge demo --out demo.png",
}
DONE, FAILED, USAGE, BUG, INTERRUPTED, PIPE = 0, 1, 2, 70, 130, 141


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong on one line and its cure on the next; options are taken by their whole names."""

    def __init__(self, **keywords: Any) -> None:
        self.places: List[str] = []
        self.options: List[str] = []
        super().__init__(allow_abbrev=False, add_help=False, **keywords)
        # one list of what can be given, in place of two with a heading each
        self.all = self.add_argument_group("options")

    def add_argument(self, *names: Any, **keywords: Any) -> argparse.Action:
        """The same, remembered for one line of usage and for words that come close."""
        action = self.all.add_argument(*names, **keywords)
        self.options += action.option_strings
        if not action.option_strings:
            name = str(action.metavar or action.dest)
            self.places.append(f"[{name}]" if action.nargs == "?" else name)
        self.usage = " ".join([self.prog, *self.places, "[options]"])
        return action

    def error(self, message: str) -> NoReturn:
        unknown = message.partition("unrecognized arguments: ")[2].split()
        close = [word for name in unknown for word in difflib.get_close_matches(name.split("=")[0], self.options, n=1)]
        hint = f"did you mean {close[0]}?" if close else f"{self.prog} --help tells more"
        print_failure(f"{message}; {hint}")
        sys.exit(USAGE)


def _overview() -> str:
    lines = ["neuroedge: spiking networks on the device you have", ""]
    for verb, example in VERBS.items():
        lines += [f"  {verb:<6} {_sentence(verb).rstrip('.')}", f"         {example}"]
    lines += ["", "MODEL is a file that neuroedge.save wrote, or a name: digits, motion.", "environment:"]
    lines += [f"  {name:<22} {meaning}" for name, meaning in VARIABLES.items()]
    return "\n".join([*lines, "", "neuroedge VERB --help tells more."])


def _sentence(verb: str) -> str:
    """What a verb does, without loading what it needs."""
    text = (Path(__file__).parent / f"{verb}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]


def _module(verb: str) -> ModuleType:
    return import_module(f".{verb}", __name__)


def _parser(verb: str) -> argparse.ArgumentParser:
    module = _module(verb)
    parser = _Parser(
        prog=f"neuroedge {verb}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.options(parser)
    parser.add_argument("-h", "--help", action="help", help="this text")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--debug", action="store_true", help="a traceback with every error")
    return parser


def main(argv: Optional[List[str]] = None) -> int:
    """Run one verb; returns the exit code: 0 done, 1 could not, 2 usage, 3 a required limit is missed, 70 our bug, 130
    interrupted, 141 nobody reads any more."""
    if sys.stdout is None:
        # also, a file that is opened next would take its number
        print_failure("standard output is closed, so nothing could be told; > /dev/null leaves it out")
        return FAILED
    try:
        code = _main(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _closed()


def _main(arguments: List[str]) -> int:
    if arguments[:1] == ["help"]:
        # the same as VERB --help
        arguments = [*arguments[1:2], "--help"]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_overview())
        return DONE
    if arguments[0] == "--version":
        from .. import __version__

        print(f"neuroedge {__version__}")
        return DONE
    if arguments[0] not in VERBS:
        close = difflib.get_close_matches(arguments[0], VERBS, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        print_failure(f"unknown verb {arguments[0]!r}; {hint}The verbs: {', '.join(VERBS)}")
        return USAGE
    options = _parser(arguments[0]).parse_args(arguments[1:])
    return _guarded(arguments[0], options)


def _guarded(verb: str, options: argparse.Namespace) -> int:
    usable = getattr(_module(verb), "usable", None)
    try:
        if usable is not None:
            usable(options)
    except ParameterError as error:
        return _failed(error, options.debug, USAGE)
    except (NeuroedgeError, OSError) as error:
        return _failed(error, options.debug, FAILED)
    try:
        return int(_module(verb).run(options))
    except BrokenPipeError:
        raise
    except (NeuroedgeError, OSError) as error:
        return _failed(error, options.debug, FAILED)
    except Exception:
        traceback.print_exc()
        print("error: this is a bug in neuroedge; please report it with the lines above", file=sys.stderr)
        return BUG


def _failed(error: Exception, debug: bool, code: int) -> int:
    if debug:
        traceback.print_exc()
    print_failure(str(error))
    return code


def _closed() -> int:
    """Who read standard output has gone, as `head` does: nothing more to say, also not at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE
