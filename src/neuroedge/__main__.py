"""`python -m neuroedge` is `neuroedge`."""

import sys
from typing import List

from .cli import main

__all__: List[str] = []

if __name__ == "__main__":
    sys.exit(main())
