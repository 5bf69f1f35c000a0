"""`one_line`: what goes wrong in a script of this recipe is said in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from spatune.errors import SpatuneError


def one_line(body: Callable[[], int]) -> int:
    """The body's exit status; 2 for bad input and 130 when stopped, with a line on stderr."""
    try:
        return body()
    except SpatuneError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what is finished is kept, and the same command goes on", file=sys.stderr)
        return 130
