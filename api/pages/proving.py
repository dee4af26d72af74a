"""Evidence: a pack for what is on the screen, and the page that checks packs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from fastapi import Request, Response
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from api.packing import WantedPack, handed_out
from api.pages.asking import Asked, Asking, pinned, query
from api.pages.errors import EXPECTED, Told, explained
from api.pages.rendering import ROOT, asset_address, kind_name, partner_address, render
from api.pages.session import LONGEST_FORM, form_of
from api.problems import BadRequest, invalid
from bootstrap.services import Services
from domain.describing import describe
from domain.instants import format_instant
from evidence.notes import MAX_NOTE_BYTES
from evidence.page import hash_of
from projections.answers import AssetRef
from projections.moments import AsOf
from projections.packing import verify_page

LONGEST_ENCODED = 3 * MAX_NOTE_BYTES + LONGEST_FORM
"""A checkpoint may be as long as a note, and each of its bytes may take three in a form."""

OF_THE_BOOK = (
    "Whoever has this pack sees the whole book: every partner and every asset, also those that are "
    "not on this page. Evidence about one partner alone is on the page of that partner."
)
OF_THE_ASSET = (
    "With the first two, whoever has the pack sees every partner of this asset. Evidence about one "
    "partner alone is on the page of that partner."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """What of a page can be proven: the kinds of packs with their words, and their subject."""

    of: str
    kinds: tuple[tuple[str, str], ...]
    asset: tuple[str, str] | None = None
    partner: str | None = None
    choices: Sequence[AssetRef] = ()
    """The assets on the page, where a pack is about one of them."""
    discloses: str = ""
    """What whoever is given the pack learns of others, where the page may show less."""

    def address(self, book: str, clocks: Mapping[str, str]) -> str:
        """Where the pack is asked for; the whole question stands in the address."""
        kind, name = self.asset or ("", "")
        asks = query(of=self.of, type=kind, id=name, partner=self.partner, **clocks)
        return f"{ROOT}/{book}/evidence{asks}"

    @property
    def about(self) -> str:
        """What the evidence is of, in words."""
        if self.asset:
            return f"{kind_name(self.asset[0])} {self.asset[1]}"
        if self.partner:
            kind = "Offboarding of partner" if self.of == "offboarding" else "Partner"
            return f"{kind} {self.partner}"
        return "Who owned what" if self.of == "ownership" else "Who had access"

    def page(self, book: str) -> str:
        """The page that it is the evidence of."""
        if self.asset:
            return asset_address(book, *self.asset)
        if self.partner:
            of_partner = f"{ROOT}/{book}/offboarding/{self.partner}"
            return of_partner if self.of == "offboarding" else partner_address(book, self.partner)
        return f"{ROOT}/{book}/{self.of}"


def of_matrix(asked: Asked) -> Offer | None:
    """The matrix; a partner's key sees a part of it, which no pack can prove."""
    if asked.partner:
        return None
    return Offer("matrix", (("matrix", "The whole matrix"),), discloses=OF_THE_BOOK)


def of_ownership(asked: Asked, assets: Sequence[AssetRef]) -> Offer | None:
    """Who owned one of the assets on the page."""
    del asked
    return Offer("ownership", (("owner", "Who owned it"),), choices=assets) if assets else None


def of_asset(asked: Asked, asset: tuple[str, str]) -> Offer:
    """Everything about an asset; to a partner, what shows no other."""
    owner = ("owner", "Who owned it at this moment")
    if asked.partner:
        line = ("line", "What the partner could do with it at this moment")
        return Offer("asset", (line, owner), asset=asset)
    kinds = (
        ("asset-timeline", "Everything recorded of the asset"),
        ("who", "Who had access at this moment"),
        owner,
    )
    return Offer("asset", kinds, asset=asset, discloses=OF_THE_ASSET)


def of_partner(partner: str) -> Offer:
    """Everything about a partner."""
    kinds = (
        ("partner-timeline", "Everything recorded of the partner"),
        ("what", "What it had access to at this moment"),
    )
    return Offer("partner", kinds, partner=partner)


def of_offboarding(partner: str) -> Offer:
    """The offboarding report on a partner."""
    return Offer("offboarding", (("offboard", "The offboarding report"),), partner=partner)


def offer_of(request: Request, asked: Asked) -> Offer:
    """What the address offers to prove. Raises BadRequest."""
    given = request.query_params
    asset, partner = (given.get("type", ""), given.get("id", "")), given.get("partner", "")
    found: Offer | None = None
    match given.get("of", "matrix"):
        case "matrix":
            found = of_matrix(asked)
        case "ownership":
            clocks = asked.clocks()
            as_of = AsOf(at=clocks.at, known_at=clocks.known_at.entry)
            owned = asked.questions.ownership_at(asked.book, as_of).ownerships
            found = of_ownership(asked, [item.asset for item in owned])
        case "asset" if all(asset):
            found = of_asset(asked, asset)
        case "partner" if partner:
            found = of_partner(partner)
        case "offboarding" if partner:
            found = of_offboarding(partner)
    if found is None:
        raise BadRequest(
            404, "no-evidence", "there is no evidence of this; ask for it on the page it is about"
        )
    return found


def wanted_of(offer: Offer, asked: Asked, form: Mapping[str, str]) -> WantedPack:
    """The pack that a form asks for, at the moments of the address. Raises BadRequest."""
    clocks = asked.clocks()
    kind = form.get("kind") or offer.kinds[0][0]
    asset = offer.asset
    if offer.of == "ownership":
        of_type, _, called = form.get("asset", "").partition(":")
        asset = (of_type, called)
    given: dict[str, Any] = {
        "kind": kind,
        "asset": asset and {"type": asset[0], "id": asset[1]},
        "partner": asked.partner if kind == "line" else offer.partner,
        "at": format_instant(clocks.at),
        "known_at": clocks.known_at.entry,
        "since": as_note(form.get("since", "")),
    }
    try:
        return WantedPack.model_validate(given)
    except ValidationError as error:
        raise invalid(describe(error, of="question")) from error


def as_note(pasted: str) -> str | None:
    """A checkpoint as it was, from a form, which ends lines in its own way; None for none."""
    text = pasted.replace("\r\n", "\n").strip()
    return f"{text}\n" if text else None


def show(request: Request, asked: Asking) -> Response:
    """The form on a page of its own: whoever had to sign in first asks again here."""
    return page_of(request, asked, offer_of(request, asked))


async def download(request: Request, asked: Asking) -> Response:
    """The pack; where there is none, why, and the question as it was."""
    form = await form_of(request, longest=LONGEST_ENCODED)
    offer = await run_in_threadpool(offer_of, request, asked)
    try:
        wanted = await run_in_threadpool(wanted_of, offer, asked, form)
        return await handed_out(request, asked.book, wanted)
    except EXPECTED as error:
        told = explained(request, error)
        why = told.why
        if told.code == "bad-checkpoint":
            why = (
                f"the checkpoint cannot be used: {why.removeprefix('since: ')}; paste it whole, as "
                "this ledger signed it, or leave it out"
            )
        told = replace(told, title="No pack was made", why=why)
        return await run_in_threadpool(page_of, request, asked, offer, told=told, form=form)


def page_of(
    request: Request,
    asked: Asked,
    offer: Offer,
    *,
    told: Told | None = None,
    form: Mapping[str, str] | None = None,
) -> Response:
    """The form, with what was filled in before."""
    try:
        clocks = asked.clocks()
        moments = pinned(clocks)
    except EXPECTED:
        clocks, moments = None, {"at": asked.at, "known_at": asked.known_at}
    return render(
        request,
        "evidence.html",
        status=told.status if told else 200,
        told=told,
        asked=asked,
        evidence=offer,
        about=offer.about,
        clocks=clocks,
        address=offer.address(asked.book, moments),
        back=f"{offer.page(asked.book)}{query(**moments)}",
        form=form or {},
    )


def keys(request: Request) -> Response:
    """The ledger's verifier keys, one a line, to be handed over apart from any pack."""
    services: Services = request.app.state.services
    text = services.log.keyring().public_text
    headers = {"Content-Disposition": 'attachment; filename="keys.txt"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def verify(request: Request) -> Response:
    """The page that checks packs, as it is published. It asks for nothing, and needs no session."""
    del request
    headers = {"Content-Security-Policy": verify_policy()}
    return Response(verify_page(), media_type="text/html; charset=utf-8", headers=headers)


@cache
def verify_policy() -> str:
    """The policy of the page that checks packs: its one script and its one style, and nothing."""
    page = verify_page().decode()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return (
        f"default-src 'none'; script-src 'sha256-{hash_of(script)}'; "
        f"style-src 'sha256-{hash_of(style)}'; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
