// Completeness: whether entries are exactly those that bear on a question, none left out.
// For each subject that the answer rests on, the walk goes from its newest entry, which the
// statement names, down through `touches` to the first.

/** The subjects that the answer rests on, as far as entries and statement show them. */
function subjectsNeeded(question, entries, statement) {
  const access = entries.filter((entry) => ACCESS_EVENTS.includes(entry.type));
  const pairs = new Set(statement.owners.map((owner) => `${owner}:${question.partner}`));
  if (question.kind === "line") {
    const subjects = Array.from(pairs).flatMap((pair) => _subjectsOfLine(pair, question.asset));
    return new Set([`ownership:${question.asset}`, ...subjects]);
  }
  if (question.asset !== undefined) {
    if (question.kind === "owner") return new Set([`ownership:${question.asset}`]);
    const onIt = access.filter((entry) => assetOf(entry.event) === question.asset);
    const episodes = onIt.map((entry) => `episode:${pairOf(entry.event)}`);
    return new Set([`asset:${question.asset}`, ...episodes]);
  }
  if (question.partner === undefined) return new Set();
  const theirs = access.filter((entry) => pairs.has(pairOf(entry.event)));
  const assets = new Set(theirs.map((entry) => assetOf(entry.event)));
  if (question.kind === "offboard") statement.owned.forEach((asset) => assets.add(asset));
  return new Set([
    ...Array.from(pairs, (pair) => `partner:${pair}`),
    ...Array.from(assets, (asset) => `ownership:${asset}`),
  ]);
}

function _subjectsOfLine(pair, asset) {
  return [`episode:${pair}`, `line:${pair}:${asset}`];
}

function touchesAny(entry, subjects) {
  return [...entry.touches.keys()].some((subject) => subjects.has(subject));
}

/** Those of the entries that touch a subject which the answer rests on. */
function bearing(question, entries, statement) {
  if (question.kind === "matrix") return entries;
  const needed = subjectsNeeded(question, entries, statement);
  return entries.filter((entry) => touchesAny(entry, needed));
}

/** The numbers of entries that say where others stand: they are replaced by one of a tie. */
function replacedNeeded(question, entries, statement) {
  const read = bearing(question, entries, statement).filter(
    (entry) => entry.number <= question.knownAt && !entry.isVoid,
  );
  const moments = new Map();
  for (const { effectiveAt } of read) moments.set(effectiveAt, (moments.get(effectiveAt) ?? 0) + 1);
  const byNumber = numbered(entries);
  const found = new Set();
  for (const entry of read) {
    let number = moments.get(entry.effectiveAt) > 1 ? entry.replaces : 0;
    while (number && !found.has(number)) {
      found.add(number);
      const replaced = byNumber.get(number);
      number = replaced === undefined || replaced.isVoid ? 0 : replaced.replaces;
    }
  }
  return found;
}

function numbered(entries) {
  return new Map(entries.map((entry) => [entry.number, entry]));
}

/** Refuse unless the entries are exactly those that the question needs. */
function checkComplete(question, entries, statement) {
  if (statement.owners.length && question.partner === undefined) {
    refuse("the statement names owners, and the question is about no partner");
  }
  if (statement.owned.length && question.kind !== "offboard") {
    refuse("the statement names owned assets, and the question asks for none");
  }
  _checkOrder(entries);
  _checkKnownAt(entries, question.knownAt, statement.recordedAt);
  const byNumber = numbered(entries);
  if (question.kind === "matrix") {
    _checkWhole(entries, question.knownAt);
    _checkTouches(entries, byNumber);
    _checkSteps(entries);
    _checkNamed(new Set(), statement);
    return;
  }
  const needed = subjectsNeeded(question, entries, statement);
  _checkNamed(needed, statement);
  const touching = _touchingEach(needed, entries);
  const inChains = new Set();
  for (const subject of sorted(needed)) {
    const found = _checkChain(subject, touching.get(subject), byNumber, statement);
    found.forEach((number) => inChains.add(number));
  }
  _checkOwned(question, entries, statement);
  _checkTouches(
    entries.filter((entry) => inChains.has(entry.number)),
    byNumber,
  );
  _checkOthers(question, entries, statement, inChains);
}

/** Numbers were seen to ascend where the proofs were read; and times never fall. */
function _checkOrder(entries) {
  entries.slice(1).forEach((entry, at) => {
    if (entry.recorded < entries[at].recorded) {
      refuse(
        `entry ${entry.number} was recorded before entry ${entries[at].number}, which is older`,
      );
    }
  });
}

/** No entry shows that the append which was the newest one known ended elsewhere, or then. */
function _checkKnownAt(entries, known, recordedAt) {
  const recorded = microseconds(recordedAt);
  for (const { number, recorded: at, recordedAt: text } of entries) {
    if (number === known && at !== recorded) {
      refuse(`entry ${known} was recorded at ${text}, and the statement says ${recordedAt}`);
    }
    if (recorded !== null && number < known && at > recorded) {
      refuse(
        `entry ${number} was recorded at ${text}, after the moment that the statement gives to ` +
          `the later entry ${known}`,
      );
    }
    if (recorded !== null && number > known && at <= recorded) {
      refuse(
        `entry ${number} was recorded at ${text}, so entry ${known} is not the end of what was ` +
          "known then",
      );
    }
  }
}

function _checkWhole(entries, knownAt) {
  entries.forEach((entry, at) => {
    if (at + 1 > knownAt) refuse(`entry ${entry.number} does not bear on the question`);
    if (entry.number !== at + 1) refuse(`entry ${at + 1} of the book is missing`);
  });
  if (entries.length < knownAt) refuse(`entry ${entries.length + 1} of the book is missing`);
}

/** Where all entries are there, `touches` is known. */
function _checkSteps(entries) {
  const newest = new Map();
  for (const { number, touches } of entries) {
    for (const [subject, before] of touches) {
      const known = newest.get(subject) ?? 0;
      if (known !== before) {
        refuse(
          `entry ${number} says that entry ${before} touched ${subject} before it, and that was ` +
            `entry ${known}`,
        );
      }
      newest.set(subject, number);
    }
  }
}

/** The statement names the newest entry of each subject needed, and of no other. */
function _checkNamed(needed, { newest }) {
  const [missing] = sorted(needed).filter((subject) => !newest.has(subject));
  if (missing) refuse(`the statement does not name the newest entry of ${missing}`);
  const [beyond] = sorted(newest.keys()).filter((subject) => !needed.has(subject));
  if (beyond) refuse(`the statement names ${beyond}, which the question does not need`);
}

/** The entries that touch each of these subjects: a partner may have thousands of them. */
function _touchingEach(needed, entries) {
  const found = new Map(Array.from(needed, (subject) => [subject, []]));
  for (const { number, touches } of entries) {
    for (const subject of touches.keys()) found.get(subject)?.push(number);
  }
  return found;
}

/** The numbers of a subject's entries, from the newest down to the first. */
function _checkChain(subject, touching, byNumber, statement) {
  const found = new Set();
  let [number, above] = [newestOf(statement, subject), 0];
  while (number) {
    const entry = byNumber.get(number);
    const told = `by which ${above ? `entry ${above}` : "the statement"} goes on in ${subject}`;
    if (entry === undefined) refuse(`entry ${number}, ${told}, is missing`);
    if (!entry.touches.has(subject)) refuse(`entry ${number}, ${told}, is not of it`);
    found.add(number);
    // That it leads backward was seen when the entry was read.
    [number, above] = [entry.touches.get(subject), number];
  }
  const beside = touching.find((number) => !found.has(number));
  if (beside) refuse(`entry ${beside} touches ${subject} and is not in its chain`);
  return found;
}

/** What the signer claims of a partner stands in entries; that it is all cannot be shown. */
function _checkOwned(question, entries, statement) {
  for (const owner of statement.owners) {
    const pair = `${owner}:${question.partner}`;
    const ofPair =
      question.asset === undefined ? [`partner:${pair}`] : _subjectsOfLine(pair, question.asset);
    if (!ofPair.some((subject) => newestOf(statement, subject))) {
      refuse(`the statement names the owner ${owner}, of whom there is no entry`);
    }
  }
  const named = new Set(
    entries
      .filter(({ type }) => OWNERSHIP_EVENTS.includes(type))
      .filter(({ event }) => [event.owner, event.to_owner].includes(question.partner))
      .map(({ event }) => assetOf(event)),
  );
  for (const asset of statement.owned) {
    if (!named.has(asset)) {
      refuse(
        `the statement says that ${question.partner} was recorded as the owner of ${asset}, and ` +
          "no entry does",
      );
    }
  }
}

/** An entry touches the subjects of its event; a void those of the entry that it voids. */
function _checkTouches(entries, byNumber) {
  for (const entry of entries) {
    let wanted = new Set(subjectsOf(entry.event));
    if (entry.isVoid) {
      const voided = byNumber.get(entry.voids);
      if (voided === undefined) {
        refuse(`entry ${entry.voids}, which entry ${entry.number} voids, is missing`);
      }
      wanted = new Set(voided.touches.keys());
    }
    const differing = [
      ...[...wanted].filter((subject) => !entry.touches.has(subject)),
      ...[...entry.touches.keys()].filter((subject) => !wanted.has(subject)),
    ];
    const [wrong] = sorted(differing);
    if (wrong !== undefined) {
      const does = entry.touches.has(wrong) ? "touches" : "does not touch";
      refuse(`entry ${entry.number} ${does} ${shown(wrong)}, against what its event says`);
    }
  }
}

/** Beside the chains there is what says where an entry stands, and nothing else. */
function _checkOthers(question, entries, statement, inChains) {
  const wanted = replacedNeeded(question, entries, statement);
  const present = numbered(entries);
  const [missing] = sorted(wanted).filter((number) => !present.has(number));
  if (missing) {
    refuse(
      `entry ${missing} is missing, which another replaces that shares its moment: without it ` +
        "their order is open",
    );
  }
  const others = entries.filter((entry) => !inChains.has(entry.number));
  const beyond = others.find((entry) => !wanted.has(entry.number));
  if (beyond) refuse(`entry ${beyond.number} does not bear on the question`);
  _checkTouches(
    others.filter((entry) => !entry.isVoid),
    new Map(),
  );
}
