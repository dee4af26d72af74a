"""What each kind of fact states: the fields that a command and its event have in common."""

from typing import Self

from pydantic import model_validator

from domain.values import (
    Actor,
    Asset,
    Basis,
    Day,
    EndReason,
    Label,
    PortfolioId,
    Prose,
    RemovedBy,
    Source,
    Tasks,
    Value,
)


class Provenance(Value):
    """Who did it, where we know it from, and under which authority."""

    actor: Actor | None = None
    source: Source | None = None
    authority: Label | None = None


class Reasoned(Value):
    """A fact that may carry a reason in words."""

    reason: Prose | None = None


class PairTerms(Reasoned):
    """A fact about one owner and one partner."""

    owner: PortfolioId
    partner: PortfolioId
    partner_name: Label | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """Owner and partner."""
        return (self.owner, self.partner)


class RemovalTerms(PairTerms):
    """The removal of a partner."""

    removed_by: RemovedBy = "unknown"


class AssetTerms(Value):
    """A fact about one asset and the portfolio that owns it."""

    asset: Asset
    owner: PortfolioId


class EstablishmentTerms(AssetTerms, Reasoned):
    """An ownership and how it came about."""

    basis: Basis = "unknown"


class TransferTerms(EstablishmentTerms):
    """An ownership that passes to another portfolio."""

    to_owner: PortfolioId

    @model_validator(mode="after")
    def _to_another(self) -> Self:
        if self.to_owner == self.owner:
            raise ValueError(
                f"to_owner {self.to_owner} is the owner itself; a transfer goes to another one"
            )
        return self


class EndTerms(AssetTerms):
    """The end of an ownership. Its reason is a code, not prose."""

    reason: EndReason = "unknown"


class AccessTerms(PairTerms):
    """A fact about one partner's access to one asset."""

    asset: Asset

    @property
    def line(self) -> tuple[str, str, str, str]:
        """Owner, partner, asset type and asset id."""
        return (self.owner, self.partner, self.asset.type, self.asset.id)


class RevocationTerms(AccessTerms):
    """The end of an access. What is said to have been held is kept; no reading uses it."""

    tasks: Tasks | None = None
    planned_end: Day | None = None


class TaskTerms(AccessTerms):
    """Which tasks a partner is given, and until when it was promised."""

    tasks: Tasks
    planned_end: Day | None = None

    @model_validator(mode="after")
    def _some_tasks(self) -> Self:
        if not self.tasks and self.asset.type != "app":
            raise ValueError(
                "tasks is empty; name at least one task, or revoke the access to take all away"
            )
        return self
