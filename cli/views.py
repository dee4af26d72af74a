"""Each answer in the words of the terminal: what it rests on, its lists, what they do not say."""

from cli.failures import Exit
from cli.output import View
from cli.records import (
    ASSET,
    CERTAINTY,
    GRANTED,
    PARTNER,
    SPAN,
    anomalies_sheet,
    asset_text,
    changes_sheet,
    entries_sheet,
    episodes_sheet,
    holdings_sheet,
    offboarded_sheet,
    ownerships_sheet,
    short,
    text,
)
from projections.answers import (
    AnomalyList,
    Answer,
    AssetAccess,
    AssetRef,
    AssetTimeline,
    Coverage,
    Diff,
    EntryList,
    KnownAt,
    Matrix,
    OffboardingReport,
    OwnerAnswer,
    PartnerAccess,
    PartnerTimeline,
    Period,
)


def knowledge(known_at: KnownAt) -> str:
    """The state of knowledge, in words."""
    recorded = f", recorded at {short(text(known_at.recorded_at))}" if known_at.recorded_at else ""
    return f"as known at entry {known_at.entry}{recorded}"


def _moment(answer: Answer, during: Period | None = None) -> str:
    if during:
        return f"during {short(text(during.from_))} to {short(text(during.to))}"
    return f"at {short(text(answer.at))}"


def _heading(subject: str, answer: Answer, during: Period | None = None) -> list[str]:
    return [
        f"{subject} {_moment(answer, during)}",
        f"{knowledge(answer.known_at)}; book {answer.book}, level rule {answer.level_rule}",
    ]


def _asset_name(asset: AssetRef) -> str:
    return asset_text(asset) + (f" ({asset.name})" if asset.name else "")


def _partner_name(partner: str, name: str | None) -> str:
    return partner + (f" ({name})" if name else "")


def who(answer: AssetAccess) -> View:
    """Who had access to an asset."""
    none = not answer.holders
    return View(
        answer=answer,
        heading=_heading(f"Access to {_asset_name(answer.asset)}", answer, answer.during),
        sheets=[holdings_sheet(answer.holders, (PARTNER, GRANTED, CERTAINTY, *SPAN))],
        remarks=_asset_remarks(answer.coverage, answer.owner, _moment(answer, answer.during), none),
        exit_code=Exit.NO if none else Exit.OK,
    )


def _asset_remarks(coverage: Coverage, owner: str | None, when: str, none: bool) -> list[str]:
    match coverage:
        case "known":
            return [f"No partner held access {when}."] if none else []
        case "own_access_only":
            return [
                (
                    f"Another portfolio, {owner}, is the recorded owner: this book sees its own "
                    "access to the asset only; who else had access is unknown."
                )
            ]
        case "unknown":
            return [
                (
                    f"Unknown: the ledger does not know who owned the asset {when}, "
                    "so a missing name here is not a no."
                )
            ]


def what(answer: PartnerAccess) -> View:
    """What a partner could do."""
    none = not answer.holdings
    when = _moment(answer, answer.during)
    remarks = []
    if answer.coverage == "unknown":
        remarks = [
            f"Unknown: the ledger holds nothing about {answer.partner} {when}, so this is not a no."
        ]
    elif none:
        remarks = [f"{answer.partner} held no access recorded in this book {when}."]
    subject = f"Access of {_partner_name(answer.partner, answer.partner_name)}"
    return View(
        answer=answer,
        heading=_heading(subject, answer, answer.during),
        sheets=[holdings_sheet(answer.holdings, (ASSET, GRANTED, CERTAINTY, *SPAN))],
        remarks=remarks,
        exit_code=Exit.NO if none else Exit.OK,
    )


def matrix(answer: Matrix) -> View:
    """Every open window."""
    return View(
        answer=answer,
        heading=_heading("Every access", answer),
        sheets=[holdings_sheet(answer.cells, (ASSET, PARTNER, GRANTED, CERTAINTY))],
        remarks=[
            (
                f"{answer.known_assets_without_holder} known assets without a partner; "
                f"{answer.unknown_assets} assets of which the ledger does not know."
            )
        ],
    )


def owner(answer: OwnerAnswer) -> View:
    """Who owned an asset."""
    found = any(ownership.owner for ownership in answer.ownerships)
    remarks = []
    if answer.coverage == "unknown":
        remarks = ["Unknown: the ledger does not know an owner of the asset at this moment."]
    elif not found:
        remarks = ["Nobody owned the asset at this moment: it was deleted."]
    elif answer.coverage == "own_access_only":
        remarks = ["The recorded owner is another portfolio than the one whose book this is."]
    return View(
        answer=answer,
        heading=_heading(f"Owner of {_asset_name(answer.asset)}", answer),
        sheets=[ownerships_sheet(answer.ownerships)],
        remarks=remarks,
        exit_code=Exit.OK if found else Exit.NO,
    )


def asset_timeline(answer: AssetTimeline) -> View:
    """Everything about an asset."""
    columns = (PARTNER, GRANTED, *SPAN)
    return _timeline(
        View(
            answer=answer,
            heading=_heading(f"Timeline of {_asset_name(answer.asset)}", answer),
            sheets=[
                ownerships_sheet(answer.ownerships, "Owners"),
                holdings_sheet(answer.windows, columns, title="Access"),
                entries_sheet(answer.entries, "Entries"),
            ],
        )
    )


def partner_timeline(answer: PartnerTimeline) -> View:
    """Everything about a partner."""
    columns = (ASSET, GRANTED, *SPAN)
    name = _partner_name(answer.partner, answer.partner_name)
    return _timeline(
        View(
            answer=answer,
            heading=_heading(f"Timeline of {name}", answer),
            sheets=[
                episodes_sheet(answer.episodes, "Partnerships"),
                holdings_sheet(answer.windows, columns, title="Access"),
                entries_sheet(answer.entries, "Entries"),
            ],
        )
    )


def _timeline(view: View) -> View:
    if any(sheet.records for sheet in view.sheets):
        return view
    remark = "Unknown: this book holds nothing about it, so this is not a no."
    return View(view.answer, view.heading, view.sheets, [remark], Exit.NO)


def diff(answer: Diff) -> View:
    """One matrix against another."""
    before = f"at {short(text(answer.from_at))}, {knowledge(answer.from_known_at)}"
    after = f"at {short(text(answer.to_at))}, {knowledge(answer.to_known_at)}"
    return View(
        answer=answer,
        heading=[
            f"Differences from {before}",
            f"              to {after}",
            f"book {answer.book}, level rule {answer.level_rule}",
        ],
        sheets=[changes_sheet(answer.changes)],
        remarks=[] if answer.changes else ["No access differs between the two."],
    )


def offboarding(answer: OffboardingReport) -> View:
    """What a partner had, what was cut off, what is still open."""
    left = len(answer.still_open)
    late = sum(1 for item in answer.still_open if (item.days_late or 0) > 0)
    past = f", {late} of them past the planned end" if late else ""
    unknown = answer.coverage == "unknown"
    remarks = ["This ledger does not see, and it has to be checked at Meta:"]
    remarks += [f"  - {line}" for line in answer.not_seen]
    if unknown:
        remarks.insert(
            0,
            f"Unknown: the ledger holds nothing about {answer.partner} by then; this is not a no.",
        )
    name = _partner_name(answer.partner, answer.partner_name)
    return View(
        answer=answer,
        heading=_heading(f"Offboarding of {name}", answer),
        sheets=[
            episodes_sheet(answer.episodes, "Partnership"),
            offboarded_sheet(
                "cut_off", f"Cut off: {len(answer.cut_off)} of {answer.had}", answer.cut_off
            ),
            offboarded_sheet("still_open", f"Still open: {left}{past}", answer.still_open),
            ownerships_sheet(
                answer.owned_by_partner,
                f"Owned by the partner itself: {len(answer.owned_by_partner)}",
                "owned_by_partner",
            ),
        ],
        remarks=remarks,
        exit_code=Exit.NO if left or unknown else Exit.OK,
    )


def entries(answer: EntryList) -> View:
    """The book itself."""
    return View(
        answer=answer,
        heading=[f"Entries of book {answer.book}, {knowledge(answer.known_at)}"],
        sheets=[entries_sheet(answer.entries)],
        remarks=[] if answer.entries else ["No entries after this one."],
    )


def anomalies(answer: AnomalyList) -> View:
    """Entries without effect."""
    none = ["Every entry that is not void has its effect."]
    return View(
        answer=answer,
        heading=[f"Entries without effect in book {answer.book}, {knowledge(answer.known_at)}"],
        sheets=[anomalies_sheet(answer.anomalies)],
        remarks=[] if answer.anomalies else none,
    )
