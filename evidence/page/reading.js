// The reading: what entries come to, folded anew from the entries alone. What is void is left out;
// the rest is taken in the order of effective time, and at one moment in the order of places. An
// event that does not apply has no effect.
//
// Pairs are OWNER:PARTNER, assets TYPE:ID, and a line is a pair and an asset with a space between.

const _MAX_REPLACEMENTS = 1_000;

/** The reading of entries in the order of their numbers; `among` holds also what says places. */
function readEntries(entries, among) {
  const voided = _voidEntries(entries);
  const fold = new Fold(voided);
  const standing = entries.filter((entry) => !entry.isVoid && !voided.has(entry.number));
  for (const entry of _inOrder(standing, among)) fold.take(entry);
  return fold;
}

/** Each void entry with the first of its voids that is not void itself: settled from the newest. */
function _voidEntries(entries) {
  const found = new Map();
  for (const entry of [...entries].reverse()) {
    if (entry.isVoid && !found.has(entry.number)) found.set(entry.voids, entry.number);
  }
  return found;
}

function _inOrder(entries, among) {
  const moments = new Map();
  for (const entry of entries) {
    if (!moments.has(entry.effectiveAt)) moments.set(entry.effectiveAt, []);
    moments.get(entry.effectiveAt).push(entry);
  }
  return sorted(moments.keys()).flatMap((moment) => {
    const together = moments.get(moment);
    return together.length > 1 ? sortedBy(together, (entry) => _place(entry, among)) : together;
  });
}

/** Where an entry stands among those of one moment: at its number, or behind what it replaces. */
function _place(entry, among) {
  const chain = [entry];
  for (;;) {
    const last = chain[chain.length - 1];
    if (!last.replaces || last.isVoid) break;
    if (chain.length > _MAX_REPLACEMENTS) {
      refuse(`entry ${entry.number} is the last of too long a chain of corrections`);
    }
    const replaced = among.get(last.replaces);
    if (replaced === undefined) {
      refuse(
        `entry ${last.replaces}, which entry ${last.number} replaces, is missing; without it the ` +
          "order of one moment is open",
      );
    }
    chain.push(replaced);
  }
  const place = [chain.pop().number];
  for (const behind of chain.reverse()) place.push(-behind.recorded, behind.number);
  return place;
}

/** A stretch of time that is open until it is ended. */
function _span(entry, earliest, what) {
  return {
    ...what,
    openedBy: entry.number,
    sinceEarliest: earliest,
    since: entry.effectiveAt,
    untilEarliest: FAR,
    until: FAR,
    closedBy: 0,
    cause: null,
  };
}

/** End a span by an entry; it cannot have ended before it can have begun. */
function _end(span, entry, earliest, cause) {
  span.until = entry.effectiveAt;
  span.untilEarliest = span.sinceEarliest > earliest ? span.sinceEarliest : earliest;
  span.closedBy = entry.number;
  span.cause = cause;
}

/** What is open after the events so far, and everything that was. */
class Fold {
  episodes = [];
  ownerships = [];
  windows = [];
  withoutEffect = new Map(); // each entry that does not apply, with what stands in its way
  #episodes = new Map(); // of a pair
  #ownerships = new Map(); // of an asset
  #windows = new Map(); // of a line
  #spans = new Map(); // the windows of a pair, and those of an asset, that are open
  #bounds = new Map(); // the earliest moment of the last effective event of a subject

  constructor(voided) {
    this.voided = voided;
  }

  take(entry) {
    let obstacle;
    if (PARTNER_EVENTS.includes(entry.type)) obstacle = this.#takePartnerEvent(entry);
    else if (OWNERSHIP_EVENTS.includes(entry.type)) obstacle = this.#takeOwnershipEvent(entry);
    else obstacle = this.#takeAccessEvent(entry);
    if (obstacle) this.withoutEffect.set(entry.number, obstacle);
  }

  /** The earliest moment of an event that takes effect: not before those that it follows. */
  #bound(entry, own, ...around) {
    let earliest = entry.earliest;
    for (const subject of [own, ...around]) {
      const before = this.#bounds.get(subject);
      if (before !== undefined && before > earliest) earliest = before;
    }
    this.#bounds.set(own, earliest);
    return earliest;
  }

  #openOn(subject) {
    if (!this.#spans.has(subject)) this.#spans.set(subject, new Set());
    return this.#spans.get(subject);
  }

  #close(span, entry, earliest, cause) {
    this.#windows.delete(`${span.pair} ${span.asset}`);
    this.#openOn(`pair ${span.pair}`).delete(span);
    this.#openOn(`asset ${span.asset}`).delete(span);
    _end(span, entry, earliest, cause);
  }

  #takePartnerEvent(entry) {
    const pair = pairOf(entry.event);
    const episode = this.#episodes.get(pair);
    if (entry.type === "partner-added/v1") {
      if (episode) return alreadyAPartner(entry, episode.openedBy);
      const earliest = this.#bound(entry, `pair ${pair}`);
      const partnerName = entry.event.partner_name ?? null;
      const opened = _span(entry, earliest, { pair, partnerName, removedBy: null });
      this.#episodes.set(pair, opened);
      this.episodes.push(opened);
      return null;
    }
    if (!episode) return notAPartner(entry);
    const earliest = this.#bound(entry, `pair ${pair}`);
    this.#episodes.delete(pair);
    _end(episode, entry, earliest, "partner_removed");
    episode.removedBy = entry.event.removed_by;
    for (const span of [...this.#openOn(`pair ${pair}`)]) {
      this.#close(span, entry, earliest, "partner_removed");
    }
    return null;
  }

  #takeOwnershipEvent(entry) {
    const { type, event } = entry;
    const asset = assetOf(event);
    const before = this.#ownerships.get(asset);
    const owner = before?.owner ?? null;
    const ends = type === "ownership-ended/v1";
    if (type === "ownership-established/v1") {
      if (event.owner === owner) return alreadyTheOwner(entry, before.openedBy);
    } else if (event.owner !== owner) {
      return notTheOwner(entry, owner, before?.openedBy);
    }
    const detail = ends ? event.reason : event.basis;
    let cause = "ownership_changed";
    if (ends) cause = detail === "asset_deleted" ? "asset_deleted" : "ownership_ended";
    const earliest = this.#bound(entry, `asset ${asset}`);
    const after = _span(entry, earliest, {
      asset,
      detail,
      owner: ends ? null : (event.to_owner ?? event.owner),
      name: event.asset.name ?? before?.name ?? null,
    });
    if (before) _end(before, entry, earliest, cause);
    this.#ownerships.set(asset, after);
    this.ownerships.push(after);
    for (const span of [...this.#openOn(`asset ${asset}`)]) {
      if (halvesOf(span.pair)[0] !== after.owner) this.#close(span, entry, earliest, cause);
    }
    return null;
  }

  #takeAccessEvent(entry) {
    const [pair, asset] = [pairOf(entry.event), assetOf(entry.event)];
    const line = `${pair} ${asset}`;
    const held = this.#windows.get(line);
    if (entry.type === "access-granted/v1") {
      const obstacle = this.#obstacleOfGrant(entry, pair, asset, held);
      if (obstacle) return obstacle;
    } else if (!held) {
      return accessNotHeld(entry);
    }
    const earliest = this.#bound(entry, line, `pair ${pair}`, `asset ${asset}`);
    const revokes = entry.type === "access-revoked/v1";
    if (held) this.#close(held, entry, earliest, revokes ? "access_revoked" : "access_changed");
    if (!revokes) this.#open(entry, line, pair, asset, earliest);
    return null;
  }

  #obstacleOfGrant(entry, pair, asset, held) {
    if (!this.#episodes.has(pair)) return notAPartner(entry);
    const ownership = this.#ownerships.get(asset);
    const owner = ownership?.owner ?? null;
    if (owner !== entry.event.owner) return notTheOwner(entry, owner, ownership?.openedBy);
    return held ? accessAlreadyHeld(entry, held.openedBy) : null;
  }

  #open(entry, line, pair, asset, earliest) {
    const { event } = entry;
    const opened = _span(entry, earliest, {
      pair,
      asset,
      tasks: event.tasks,
      plannedEnd: event.planned_end ?? null,
      partnerName: event.partner_name ?? this.#episodes.get(pair).partnerName,
      assetName: event.asset.name ?? this.#ownerships.get(asset).name,
    });
    this.#windows.set(line, opened);
    this.#openOn(`pair ${pair}`).add(opened);
    this.#openOn(`asset ${asset}`).add(opened);
    this.windows.push(opened);
  }
}
