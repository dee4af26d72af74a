// Deriving: the answer to a question, worked out from the entries that bear on it. The answers have
// the fields of the ledger's own, and its order within lists.

const NOT_SEEN = [
  "people of the partner who were invited into the owner's own portfolio",
  "system users and the access tokens they hold",
  "apps that act for the partner",
  "leads access given apart from the Page",
  "assets that the partner owns itself and the owner only borrows",
];

/** The answer as plain values of JSON, and the reading that it comes from. */
function derive(question, entries, statement) {
  const known = bearing(question, entries, statement).filter(
    (entry) => entry.number <= question.knownAt,
  );
  const reading = readEntries(known, numbered(entries));
  const answer = {
    book: question.book,
    at: question.at,
    known_at: { entry: question.knownAt, recorded_at: statement.recordedAt },
    level_rule: LEVEL_RULE,
    ..._ANSWERS[question.kind](question, reading, known, statement),
  };
  return { answer, reading, known };
}

const _ANSWERS = {
  who: _who,
  owner: _owner,
  what: _what,
  line: _line,
  matrix: _matrix,
  offboard: _offboarding,
  "asset-timeline": _assetTimeline,
  "partner-timeline": _partnerTimeline,
};

/** Whether a window is or may be open at the moment, or at any moment of the period. */
function _isAskedFor({ during, since, until }) {
  if (!during) return (held) => mayCover(held, since);
  return (held) =>
    held.sinceEarliest < until && since < held.until && held.sinceEarliest < held.until;
}

function _ownersOf(reading, asset) {
  return inTime(reading.ownerships.filter((span) => span.asset === asset));
}

/** What every answer about an asset says of it. */
function _ofAsset({ asset, book, moment }, owners) {
  return {
    asset: assetJson(asset, lastName(owners.map((span) => span.name))),
    coverage: assetCoverage(book, owners, moment),
  };
}

function _who(question, reading) {
  const owners = _ownersOf(reading, question.asset);
  const held = reading.windows
    .filter((span) => span.asset === question.asset)
    .filter(_isAskedFor(question));
  return {
    ..._ofAsset(question, owners),
    during: question.during,
    owner: ownerAt(owners, question.moment),
    holders: holdings(inTime(held, byPair), question.since, question.until),
  };
}

function _owner(question, reading) {
  const owners = _ownersOf(reading, question.asset);
  const asked = owners.filter((span) => mayCover(span, question.moment));
  return {
    ..._ofAsset(question, owners),
    ownerships: asked.map((span) => ownershipJson(span, question.moment)),
  };
}

function _isOf(partner) {
  return (span) => halvesOf(span.pair)[1] === partner;
}

function _episodesOf({ partner }, reading) {
  return inTime(reading.episodes.filter(_isOf(partner)), byPair);
}

/** What every answer about a partner says of it. */
function _ofPartner({ partner, moment }, episodes) {
  return {
    partner,
    partner_name: lastName(episodes.map((span) => span.partnerName)),
    coverage: partnerCoverage(episodes, moment),
  };
}

function _what(question, reading) {
  const held = reading.windows.filter(_isOf(question.partner)).filter(_isAskedFor(question));
  return {
    ..._ofPartner(question, _episodesOf(question, reading)),
    during: question.during,
    holdings: holdings(inTime(held, byAsset, byPair), question.since, question.until),
  };
}

function _line(question, reading) {
  const owners = _ownersOf(reading, question.asset);
  const held = reading.windows
    .filter((span) => span.asset === question.asset && _isOf(question.partner)(span))
    .filter(_isAskedFor(question));
  return {
    ..._ofPartner(question, _episodesOf(question, reading)),
    ..._ofAsset(question, owners),
    during: question.during,
    owner: ownerAt(owners, question.moment),
    holdings: holdings(inTime(held, byPair), question.since, question.until),
  };
}

function _matrix(question, reading) {
  const at = question.moment;
  const cells = inTime(reading.windows.filter(_isAskedFor(question)), byAsset, byPair);
  const held = new Set(cells.map((cell) => cell.asset));
  const spans = new Map();
  for (const span of reading.ownerships) {
    spans.set(span.asset, [...(spans.get(span.asset) ?? []), span]);
  }
  const coverage = Array.from(spans, ([asset, own]) => [
    asset,
    assetCoverage(question.book, own, at),
  ]);
  return {
    known_assets_without_holder: coverage.filter(
      ([asset, word]) => word === "known" && !held.has(asset),
    ).length,
    unknown_assets: coverage.filter(([, word]) => word === "unknown").length,
    cells: holdings(cells, at, at + 1n),
    next_cursor: null,
  };
}

function _offboarding(question, reading, known, statement) {
  const at = question.moment;
  const begun = _windowsOf(question, reading).filter((held) => held.sinceEarliest <= at);
  const ended = begun.filter((held) => held.until <= at && held.cause !== "access_changed");
  const owned = reading.ownerships.filter((span) => span.owner === question.partner);
  for (const span of owned) {
    if (!statement.owned.includes(span.asset)) {
      refuse(
        `entry ${span.openedBy} records ${question.partner} as the owner of ${span.asset}, and ` +
          "the statement leaves that out",
      );
    }
  }
  const episodes = _episodesOf(question, reading);
  return {
    ..._ofPartner(question, episodes),
    episodes: episodes
      .filter((span) => span.sinceEarliest <= at)
      .map((span) => episodeJson(span, at)),
    had: new Set(begun.map((held) => `${held.pair} ${held.asset}`)).size,
    cut_off: ended.map((held) => _offboarded(held, at)),
    still_open: begun.filter((held) => at < held.until).map((held) => _offboarded(held, at)),
    owned_by_partner: inTime(owned, byAsset)
      .filter((span) => mayCover(span, at))
      .map((span) => ownershipJson(span, at)),
    not_seen: NOT_SEEN,
  };
}

/** The partner's windows in the order of time. */
function _windowsOf({ partner }, reading) {
  const theirs = reading.windows.filter(_isOf(partner));
  return sortedBy(theirs, (held) => [held.since, byAsset(held), byPair(held), held.openedBy]);
}

/** One access, as it stood at the moment or at the last one before its end. */
function _offboarded(held, at) {
  const last = at < held.until ? at : held.until - 1n;
  const [holding] = holdings([held], last, last + 1n);
  if (held.plannedEnd === null) return { holding, planned_end_at: null, days_late: null };
  const planned = endOfDay(held.plannedEnd);
  const end = held.until < at ? held.until : at;
  return { holding, planned_end_at: instant(planned), days_late: inDays(end - planned) };
}

function _assetTimeline(question, reading, known) {
  const owners = _ownersOf(reading, question.asset);
  const windows = sortedBy(
    reading.windows.filter((held) => held.asset === question.asset),
    (held) => [held.since, byPair(held), held.openedBy],
  );
  return {
    ..._ofAsset(question, owners),
    windows: holdings(windows, -FAR, FAR),
    ownerships: owners.map((span) => ownershipJson(span, question.moment)),
    entries: _entriesOf(new Set([`asset:${question.asset}`]), reading, known),
  };
}

function _partnerTimeline(question, reading, known) {
  const touched = known.flatMap((entry) => [...entry.touches.keys()]);
  const isTheirs = (subject) =>
    subject.startsWith("partner:") && subject.endsWith(`:${question.partner}`);
  const episodes = _episodesOf(question, reading);
  return {
    ..._ofPartner(question, episodes),
    episodes: episodes.map((span) => episodeJson(span, question.moment)),
    windows: holdings(_windowsOf(question, reading), -FAR, FAR),
    entries: _entriesOf(new Set(touched.filter(isTheirs)), reading, known),
  };
}

/** The entries that touch one of some subjects, with what became of each. */
function _entriesOf(subjects, reading, known) {
  const byNumber = numbered(known);
  return known
    .filter((entry) => touchesAny(entry, subjects))
    .map((entry) => ({
      number: entry.number,
      recorded_at: entry.recordedAt,
      recorded_by: entry.recordedBy,
      event: entry.event,
      touches: Object.fromEntries(entry.touches),
      ...becameOf(entry, reading, byNumber),
    }));
}

/** What became of an entry in the reading. */
function becameOf(entry, reading, byNumber) {
  const voidedBy = reading.voided.get(entry.number);
  if (voidedBy !== undefined) {
    return { status: "void", voided_by: voidedBy, why: byNumber.get(voidedBy).event.reason };
  }
  if (entry.isVoid) return { status: "voids", voided_by: null, why: null };
  const why = reading.withoutEffect.get(entry.number);
  return { status: why ? "no_effect" : "effective", voided_by: null, why: why ?? null };
}
