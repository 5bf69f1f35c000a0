"""LeRobot imports this module at start-up; the configuration registers `--policy.type=spatune`."""

from spatune.policies import configuration_spatune

__all__ = ["configuration_spatune"]
