// The parts of an answer as values of JSON: spans, holdings, owners, episodes, coverage, levels.

const LEVEL_RULE = "2026.1";
const _ALONE_ENOUGH = new Map([
  ["page", ["MANAGE", "PROFILE_PLUS_FULL_CONTROL"]],
  ["ad_account", ["MANAGE"]],
  ["dataset", ["EDIT"]],
  ["catalog", ["MANAGE"]],
  ["whatsapp_account", ["MANAGE"]],
  ["offline_event_set", ["MANAGE"]],
]);
const _TOGETHER_ENOUGH = new Map([
  ["instagram_account", ["ADVERTISE", "ANALYZE", "COMMUNITY_ACTIVITY", "CONTENT", "MESSAGES"]],
]);

/** What the tasks on an asset amount to. */
function levelOf(assetType, tasks) {
  if (assetType === "app") return "unspecified";
  if (!tasks.length) return "none";
  const alone = _ALONE_ENOUGH.get(assetType) ?? [];
  const together = _TOGETHER_ENOUGH.get(assetType);
  const isFull =
    tasks.some((task) => alone.includes(task)) || together?.every((task) => tasks.includes(task));
  return isFull ? "full_control" : "partial";
}

function windowJson(span) {
  return {
    from: instant(span.since),
    from_earliest: instant(span.sinceEarliest),
    to: _endJson(span.until),
    to_earliest: _endJson(span.untilEarliest),
    opened_by: span.openedBy,
    closed_by: span.closedBy || null,
    cause: span.cause,
  };
}

function _endJson(moment) {
  return moment === FAR ? null : instant(moment);
}

function assetJson(asset, name) {
  const [type, id] = halvesOf(asset);
  return { type, id, name };
}

/** Whether the moment lies in the span, certainly or possibly. */
function mayCover(span, at) {
  return span.sinceEarliest <= at && at < span.until;
}

/** Whether [start, end) overlaps [since, until) for certain, if it may at all. */
function _certainty(start, end, since, until) {
  return start < end && start < until && since < end ? "certain" : "possible";
}

/** Windows as holdings in a period. Those that follow one another by changes are one access. */
function holdings(windows, since, until) {
  const certain = _linesWithAccess(windows, since, until);
  return windows.map((held) => {
    const [owner, partner] = halvesOf(held.pair);
    return {
      asset: assetJson(held.asset, held.assetName),
      owner,
      partner,
      partner_name: held.partnerName,
      tasks: held.tasks,
      level: levelOf(halvesOf(held.asset)[0], held.tasks),
      planned_end: held.plannedEnd,
      certainty: _certainty(held.since, held.untilEarliest, since, until),
      access: certain.has(`${held.pair} ${held.asset}`) ? "certain" : "possible",
      window: windowJson(held),
    };
  });
}

/** The lines on which there was access for certain, whatever the tasks. */
function _linesWithAccess(windows, since, until) {
  const openedBy = new Map(windows.map((held) => [held.openedBy, held]));
  const changedTo = new Set(windows.map((held) => held.closedBy));
  const certain = new Set();
  for (const first of windows) {
    if (changedTo.has(first.openedBy)) continue;
    let last = first;
    while (openedBy.has(last.closedBy)) last = openedBy.get(last.closedBy);
    if (_certainty(first.since, last.untilEarliest, since, until) === "certain") {
      certain.add(`${first.pair} ${first.asset}`);
    }
  }
  return certain;
}

function ownershipJson(span, at) {
  return {
    asset: assetJson(span.asset, span.name),
    owner: span.owner,
    detail: span.detail,
    certainty: _certainty(span.since, span.untilEarliest, at, at + 1n),
    window: windowJson(span),
  };
}

function episodeJson(span, at) {
  const [owner, partner] = halvesOf(span.pair);
  return {
    owner,
    partner,
    partner_name: span.partnerName,
    removed_by: span.removedBy,
    certainty: _certainty(span.since, span.untilEarliest, -FAR, at + 1n),
    window: windowJson(span),
  };
}

/** What the book can say about an asset's holders; in an edge the least that is possible. */
function assetCoverage(book, spans, at) {
  const possible = spans.filter((span) => mayCover(span, at)).map((span) => _coverage(book, span));
  if (!spans.some((span) => span.since <= at)) return "unknown";
  return ["unknown", "own_access_only", "known"].find((word) => possible.includes(word)) ?? "unknown";
}

function _coverage(book, { owner, detail }) {
  if (owner === null) return detail === "asset_deleted" ? "known" : "unknown";
  return owner === book ? "known" : "own_access_only";
}

/** Known from the first effective event of one of the partner's pairs on. */
function partnerCoverage(episodes, at) {
  return episodes.some((span) => span.since <= at) ? "known" : "unknown";
}

/** The owner recorded at a moment; inside an edge the one before it. */
function ownerAt(spans, at) {
  return spans.find((span) => span.since <= at && at < span.until)?.owner ?? null;
}

/** Spans in the order of some keys, then of time, then of the entries that opened them. */
function inTime(spans, ...keys) {
  return sortedBy(spans, (span) => [...keys.map((key) => key(span)), span.since, span.openedBy]);
}

const byPair = (span) => halvesOf(span.pair);
const byAsset = (span) => halvesOf(span.asset);

/** The name that was given last. */
function lastName(names) {
  return [...names].reverse().find((name) => name !== null) ?? null;
}
