// Entries: from the stored bytes of one to what it says, read strictly (`entry/v1`).

const PARTNER_EVENTS = ["partner-added/v1", "partner-removed/v1"];
const OWNERSHIP_EVENTS = [
  "ownership-established/v1", "ownership-transferred/v1", "ownership-ended/v1",
];
const ACCESS_EVENTS = ["access-granted/v1", "access-changed/v1", "access-revoked/v1"];
const VOID = "entry-voided/v1";

const _isActor = hasForm(
  fields(
    { kind: oneOf("person", "system_user", "app", "meta", "unknown") },
    { id: matches("[!-~]{1,200}") },
  ),
);
const _isSource = hasForm(
  fields(
    { kind: oneOf("declared", "imported", "observed", "document") },
    { reference: isLabel, sha256: matches("[0-9a-f]{64}") },
  ),
);
const _isBasis = oneOf("created", "claimed", "observed", "unknown");
const _isRemover = oneOf("owner", "partner", "meta", "unknown");
const _isEnding = oneOf("released", "asset_deleted", "unknown");

const _ANY = { type: isText, id: isEventId };
const _ANY_PERHAPS = {
  replaces: isNumber, actor: _isActor, source: _isSource, authority: isLabel,
};
const _EFFECTIVE = { ..._ANY, effective_at: isInstant };
const _EFFECTIVE_PERHAPS = { ..._ANY_PERHAPS, effective_after: isInstant };
const _REASONED = { ..._EFFECTIVE_PERHAPS, reason: isProse };
const _PAIR = { ..._EFFECTIVE, owner: isPortfolio, partner: isPortfolio };
const _PAIR_PERHAPS = { ..._REASONED, partner_name: isLabel };
const _ASSET = { ..._EFFECTIVE, owner: isPortfolio, asset: isNamedAsset };
const _LINE = { ..._PAIR, asset: isNamedAsset };
const _PROMISE = { ..._PAIR_PERHAPS, planned_end: isDay };
const _TASKS = fields({ ..._LINE, tasks: isTasks }, _PROMISE);

const _EVENTS = new Map(
  Object.entries({
    "partner-added/v1": fields(_PAIR, _PAIR_PERHAPS),
    "partner-removed/v1": fields({ ..._PAIR, removed_by: _isRemover }, _PAIR_PERHAPS),
    "ownership-established/v1": fields({ ..._ASSET, basis: _isBasis }, _REASONED),
    "ownership-transferred/v1": fields(
      { ..._ASSET, basis: _isBasis, to_owner: isPortfolio },
      _REASONED,
    ),
    "ownership-ended/v1": fields({ ..._ASSET, reason: _isEnding }, _EFFECTIVE_PERHAPS),
    "access-granted/v1": _TASKS,
    "access-changed/v1": _TASKS,
    "access-revoked/v1": fields(_LINE, { ..._PROMISE, tasks: isTasks }),
    [VOID]: fields(
      { ..._ANY, book: isPortfolio, entry: isNumber, reason: isProse },
      _ANY_PERHAPS,
    ),
  }),
);

const _ENTRY = fields({
  format: oneOf("entry/v1"),
  book: isPortfolio,
  number: isNumber,
  recorded_at: isInstant,
  recorded_by: isText,
  event: isObject,
  touches: (value) => isObject(value) && Object.values(value).every(isNumberOrZero),
});

/** The entry that stored bytes hold; refused are all other bytes. */
function readEntry(stored) {
  const value = parseCanonical(stored);
  const wrong = wrongWith(_ENTRY, value, "the entry");
  if (wrong) refuse(wrong);
  const { number, event } = value;
  const wrongEvent = _wrongWithEvent(event, `the event of entry ${number}`);
  if (wrongEvent) refuse(wrongEvent);
  const isVoid = event.type === VOID;
  const effectiveAt = isVoid ? null : microseconds(event.effective_at);
  const after = microseconds(event.effective_after);
  const entry = {
    number,
    event,
    book: value.book,
    recordedAt: value.recorded_at,
    recordedBy: value.recorded_by,
    touches: new Map(Object.entries(value.touches)),
    type: event.type,
    isVoid,
    voids: isVoid ? event.entry : 0,
    replaces: event.replaces ?? 0,
    recorded: microseconds(value.recorded_at),
    effectiveAt,
    // The first moment at which it can have happened: just after the old state was seen.
    earliest: after === null ? effectiveAt : after + 1n,
  };
  _requireBackwards(entry);
  return entry;
}

function _wrongWithEvent(event, what) {
  const form = _EVENTS.get(event.type);
  if (form === undefined) {
    return `${what} is of no type that is known here: ${shown(event.type)}`;
  }
  const wrong = wrongWith(form, event, what);
  if (wrong) return wrong;
  if (event.to_owner === event.owner && event.owner !== undefined) {
    return `${what} passes an asset on to its owner itself`;
  }
  if (Object.hasOwn(form.required, "tasks") && !event.tasks.length && event.asset.type !== "app") {
    return `${what} names no task`;
  }
  return null;
}

/** An entry speaks of entries of its own book from before it. */
function _requireBackwards({ number, event, book, isVoid, voids, replaces, touches }) {
  if (isVoid && event.book !== book) refuse(`entry ${number} voids an entry of another book`);
  for (const [word, older] of Object.entries({ voids, replaces })) {
    if (older >= number) refuse(`entry ${number} ${word} entry ${older}, which is not older`);
  }
  for (const [subject, before] of touches) {
    if (before >= number) {
      refuse(
        `entry ${number} says of ${shown(subject)} that entry ${before} touched it before, ` +
          "which is not older",
      );
    }
  }
}

/** The subjects that an event touches. A void touches those of what it voids: none here. */
function subjectsOf(event) {
  if (event.type === VOID) return [];
  if (PARTNER_EVENTS.includes(event.type)) {
    return [`partner:${pairOf(event)}`, `episode:${pairOf(event)}`];
  }
  const asset = assetOf(event);
  if (OWNERSHIP_EVENTS.includes(event.type)) return [`asset:${asset}`, `ownership:${asset}`];
  const pair = pairOf(event);
  return [`asset:${asset}`, `line:${pair}:${asset}`, `partner:${pair}`];
}

/** Owner and partner of a partner or access event, OWNER:PARTNER. */
function pairOf(event) {
  return `${event.owner}:${event.partner}`;
}

/** The asset of an ownership or access event, TYPE:ID. */
function assetOf(event) {
  return `${event.asset.type}:${event.asset.id}`;
}

/** Type and id again, or owner and partner: neither a type nor a portfolio holds a colon. */
function halvesOf(key) {
  return partition(key, ":");
}
