"""What the ledger states of a partner, and signs, beside the newest entry of each subject."""

from domain.state import BookState
from evidence.questions import Question

Claims = tuple[tuple[str, ...], tuple[tuple[str, str], ...]]
"""The partner's owners, and the assets that it was recorded to own; each in order."""


def claims(question: Question, state: BookState) -> Claims:
    """What an answer about a partner rests on, from every entry of the book, voids included."""
    partner = question.partner
    if partner is None:
        return (), ()
    owners = sorted(owner for owner, other in state.pairs if other == partner)
    if question.asset is not None:
        asset_type, asset_id = question.asset
        owners = [
            owner
            for owner in owners
            if state.pair((owner, partner)).episode_touched
            or state.line((owner, partner, asset_type, asset_id)).touched
        ]
    return tuple(owners), _owned(partner, state) if question.kind == "offboard" else ()


def _owned(partner: str, state: BookState) -> tuple[tuple[str, str], ...]:
    return tuple(
        sorted(
            key
            for key, asset in state.assets.items()
            if any(partner in {event.owner, event.terms.to_owner} for event in asset.events)
        )
    )
