"""`ActionFault`: why an action did not happen, in AI2-THOR's terms."""

from __future__ import annotations


class ActionFault(Exception):
    """An action that cannot be carried out.

    Attributes:
        message: AI2-THOR's `errorMessage`, one line.
        code: AI2-THOR's `errorCode`; empty for an action that simply fails, such as a collision.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.message, self.code = message, code

    @classmethod
    def invalid_action(cls, message: str) -> ActionFault:
        """There is no such action; clients raise ValueError."""
        return cls(message, "InvalidAction")

    @classmethod
    def invalid_argument(cls, message: str) -> ActionFault:
        """An argument is unknown or wrong; clients raise ValueError."""
        return cls(message, "InvalidArgument")

    @classmethod
    def missing_argument(cls, message: str) -> ActionFault:
        """An argument is missing; clients raise ValueError."""
        return cls(message, "MissingArguments")
