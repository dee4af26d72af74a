// Why an event has no effect: the sentences that timelines show, and part of their answers.

function alreadyAPartner({ event, ...entry }, blocker) {
  return `${event.partner} is already a partner of ${event.owner} ${_on(entry, blocker)}`;
}

function notAPartner({ event, ...entry }) {
  return `${event.partner} is not a partner of ${event.owner} ${_on(entry)}`;
}

function alreadyTheOwner({ event, ...entry }, blocker) {
  return `${event.owner} is already the owner of ${assetOf(event)} ${_on(entry, blocker)}`;
}

/** The asset has another owner, or none that is known. */
function notTheOwner({ event, ...entry }, actual, blocker) {
  if (actual === null) {
    return `${event.owner} is not known to own ${assetOf(event)} ${_on(entry)}`;
  }
  const by = `${actual} is (entry ${blocker})`;
  return `${event.owner} is not the owner of ${assetOf(event)} ${_on(entry)}: ${by}`;
}

function accessAlreadyHeld({ event, ...entry }, blocker) {
  return `${event.partner} already holds access to ${assetOf(event)} ${_on(entry, blocker)}`;
}

function accessNotHeld({ event, ...entry }) {
  const held = `${event.partner} holds no access to ${assetOf(event)}`;
  return `${held} from ${event.owner} ${_on(entry)}`;
}

/** The effective time, short where it is a midnight, and the entry that stands in the way. */
function _on({ effectiveAt }, blocker) {
  const text = instant(effectiveAt);
  const day = text.endsWith(_MIDNIGHT) ? text.slice(0, -_MIDNIGHT.length) : text;
  return `on ${day}${blocker ? ` (entry ${blocker})` : ""}`;
}
