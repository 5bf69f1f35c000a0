"""The one error type that the command line shows as a single clear line."""


class SpatuneError(ValueError):
    """Bad input or a missing part of the machine; the message is one line that names the fix."""


def first_line(error: BaseException) -> str:
    """What a library's exception says in its first line, or its class where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
