"""Who may do what, and to whose: said where an action is defined, asked whichever door leads to it (F35).

Doors look as well, so that nobody is shown what is not theirs. This is what is left when a door forgets.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from config.errors import NotFound, Refused
from status.values import Actor, ActorKind

P = ParamSpec("P")
T = TypeVar("T")
Action = Callable[P, Awaitable[T]]

# Those who look after a provider's calendar and clients.
STAFF = (ActorKind.PROVIDER, ActorKind.PRACTICE, ActorKind.OPERATOR)


def may(*kinds: ActorKind) -> Callable[[Action[P, T]], Action[P, T]]:
    """Let only actors of these kinds do it; others are Refused (403) before anything is read.

    The clock passes: what it does is what the house does by itself, in the course of what somebody began.
    """

    def guarded(action: Action[P, T]) -> Action[P, T]:
        @wraps(action)
        async def asked(*args: P.args, **told: P.kwargs) -> T:
            actor = told["actor"]
            assert isinstance(actor, Actor)  # noqa: S101 - every action that is guarded takes one by name
            if actor.kind not in kinds and actor.kind is not ActorKind.CLOCK:
                raise Refused("forbidden", "This is not for you to do. Ask somebody whose role it is.", status=403)
            return await action(*args, **told)

        return asked

    return guarded


def see_theirs(actor: Actor, *, provider_id: UUID | None = None, client_id: UUID | None = None) -> None:
    """Raise NotFound where a row is another's, as if it were nobody's."""
    match actor.kind:
        case ActorKind.PROVIDER:
            theirs = actor.id == provider_id
        case ActorKind.CLIENT:
            theirs = actor.id == client_id
        case ActorKind.PRACTICE:
            theirs = provider_id in actor.providers
        case _:
            theirs = True
    if not theirs:
        raise NotFound
