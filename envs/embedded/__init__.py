"""A simulator of houses that answers AI2-THOR's actions with AI2-THOR's metadata."""

from .reply import Reply, View
from .simulator import Simulator

__all__ = ["Reply", "Simulator", "View"]
