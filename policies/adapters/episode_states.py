"""`EpisodeStates`: one state of a policy for each episode that is being played."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import SpatuneError

if TYPE_CHECKING:
    from lerobot.policies.pretrained import PreTrainedPolicy

EPISODE, EPISODE_STEP = "episode", "episode.step"
"""Entries of an observation: a name that no other running episode has, and the steps so far."""

# More than the workers of any machine; older ones are of episodes that have ended.
_MOST = 128


class EpisodeStates:
    """Copies of a policy that share its weights, one an episode.

    A policy that keeps queues of observations or actions keeps them of one episode, or of one
    batch. Workers play several at once, start them at any time and may repeat one that failed, so
    each gets a copy of its own, wherever in the policy its memory is; weights are not copied.

    Args:
        policy: As it is after loading.
    """

    def __init__(self, policy: PreTrainedPolicy) -> None:
        self._policy = policy
        self._states: dict[str, tuple[PreTrainedPolicy, int]] = {}

    def of(self, observation: Mapping[str, Any]) -> PreTrainedPolicy:
        """The copy that has seen all earlier steps of the observation's episode and no other.

        Raises:
            SpatuneError: The observation names no episode, or a step of it was left out.
        """
        if EPISODE not in observation or EPISODE_STEP not in observation:
            raise SpatuneError(
                f"this policy acts by what it saw before, and the observation has no {EPISODE!r} "
                f"and {EPISODE_STEP!r}: wrap the environment in ForeignEnv"
            )
        episode, step = str(observation[EPISODE]), int(observation[EPISODE_STEP])
        if step == 0:
            self._states.pop(episode, None)
            copied, expected = self._copy(), 0
        else:
            copied, expected = self._states.pop(episode, (None, None))
        if copied is None or step != expected:
            raise SpatuneError(
                f"episode {episode!r}: step {step} came where "
                f"{'step 0' if expected is None else f'step {expected}'} was due; this policy "
                "must see every step in order"
            )
        self._states[episode] = (copied, step + 1)
        while len(self._states) > _MOST:
            self._states.pop(next(iter(self._states)))
        return copied

    def _copy(self) -> PreTrainedPolicy:
        shared = [*self._policy.parameters(), *self._policy.buffers()]
        copied = copy.deepcopy(self._policy, {id(tensor): tensor for tensor in shared})
        copied.reset()
        return copied
