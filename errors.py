"""The one error type that the command line shows as a single clear line."""


class SpatuneError(ValueError):
    """Bad input or a missing part of the machine; the message is one line that names the fix."""
