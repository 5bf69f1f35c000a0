"""`LiberoView`: what a policy is shown of LIBERO; `make_env` builds environments that show it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..envs.libero import LiberoEnv
from ..envs.libero_perturbations import PRO_KINDS, Perturbation
from ..envs.libero_spec import libero_env_spec
from ..envs.spec import (
    LIBERO_CAMERAS,
    LIBERO_STATE_LAYOUTS,
    EnvSpec,
    Orientation,
    StateFrame,
)
from ..errors import SpatuneError
from ..evaluation.environment import EnvFactory
from ..policies.spec import PolicySpec
from .protocol import PROTOCOLS, LiberoProtocol

AGENT_VIEW, WRIST_VIEW = LIBERO_CAMERAS
_BASE_LAYOUT = LIBERO_STATE_LAYOUTS["base"]


@dataclass(frozen=True)
class LiberoView:
    """The conventions in which LIBERO can be shown.

    Attributes:
        image_size: Pixels of the square images.
        orientation: Orientation of the images.
        state_frame: Frame of the end-effector position.
    """

    image_size: int = 128
    orientation: Orientation = "upright"
    state_frame: StateFrame = "world"

    def __post_init__(self) -> None:
        if self.image_size < 1:
            raise SpatuneError(f"image_size is {self.image_size}; give a number of pixels")

    @classmethod
    def of_size(cls, image_size: int | None) -> LiberoView:
        """The default view, at another image size if one is given."""
        return cls() if image_size is None else cls(image_size)

    @classmethod
    def of_policy(cls, spec: PolicySpec, image_size: int | None = None) -> LiberoView:
        """The view that a policy was trained on, at another image size if one is given."""
        frame: StateFrame = "base" if spec.state_layout == _BASE_LAYOUT else "world"
        camera = spec.cameras[0] if spec.cameras else None
        size = camera.height if camera else cls.image_size
        return cls(
            image_size=size if image_size is None else image_size,
            orientation=camera.orientation if camera else cls.orientation,
            state_frame=frame,
        )

    def env_spec(self) -> EnvSpec:
        """What `make_env` will give, known before any simulator is built."""
        return libero_env_spec(
            self.image_size, orientation=self.orientation, state_frame=self.state_frame
        )


def make_env(
    suite: str,
    task_id: int,
    *,
    protocol: str,
    image_size: int,
    orientation: Orientation,
    state_frame: StateFrame,
) -> LiberoEnv:
    """Build the environment of a task; images are rendered only where the engine asks for them.

    Args:
        suite: LIBERO suite.
        task_id: Task in the suite.
        protocol: Name of a protocol, for the step budget and the settling steps.
        image_size: See `LiberoView`, as the other two.
        orientation: See `LiberoView`.
        state_frame: See `LiberoView`.
    """
    rules = PROTOCOLS[protocol]
    return LiberoEnv(
        suite,
        task_id,
        image_size=image_size,
        orientation=orientation,
        state_frame=state_frame,
        render_every=0,
        max_steps=rules.steps_of(suite),
        settle_steps=rules.settle_steps,
    )


def env_factory(protocol: LiberoProtocol, view: LiberoView) -> EnvFactory:
    """`make_env` as data for worker processes; LIBERO-PRO's kinds are suites of their own."""
    return EnvFactory(
        f"{__name__}:{make_env.__name__}",
        {"protocol": protocol.name, **asdict(view)},
        {Perturbation("pro", kind=kind).name: f"_{kind}" for kind in PRO_KINDS},
    )
