// The Merkle tree of a log (RFC 9162 section 2.1): proofs that something is in it, and that nothing
// left it. Sizes are BigInt, since a log may say of itself that it has up to 2^63 - 1 leaves.

function leafHash(data) {
  return sha256(Uint8Array.of(0x00), data);
}

function _nodeHash(left, right) {
  return sha256(Uint8Array.of(0x01), left, right);
}

/** Hold a path to the root of a tree (section 2.1.3.2). What is not refused is proven. */
async function verifyInclusion({ leaf, index, size, root, proof }) {
  if (index >= size) refuse(`there is no leaf ${index} in a tree of ${size}`);
  let [at, last, result] = [index, size - 1n, leaf];
  for (const sibling of proof) {
    if (last === 0n) {
      refuse(
        `the inclusion proof has ${proof.length} hashes, ` +
          `more than lead from leaf ${index} to the root of a tree of ${size}`,
      );
    }
    if (at & 1n || at === last) {
      result = await _nodeHash(sibling, result);
      [at, last] = _toARightChild(at, last);
    } else {
      result = await _nodeHash(result, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) {
    refuse(
      `the inclusion proof has ${proof.length} hashes, ` +
        `too few to lead from leaf ${index} to the root of a tree of ${size}`,
    );
  }
  if (!sameBytes(result, root)) {
    refuse(
      `the inclusion proof leads from leaf ${index} to ${toHex(result)}, ` +
        `and the root of the tree of ${size} is ${toHex(root)}`,
    );
  }
}

/** Up the levels on which a node at the right edge has no sibling. */
function _toARightChild(index, lastIndex) {
  let [at, last] = [index, lastIndex];
  while (at && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
  return [at, last];
}

/** Hold two roots of one log to each other (section 2.1.4.2). What is not refused is proven. */
async function verifyConsistency(older, newer, proof) {
  if (older.size === newer.size) {
    await _requireSameTree(older, newer, proof);
    return;
  }
  if (older.size === 0n) {
    refuse(`there is no consistency proof from a tree of 0 to one of ${newer.size}`);
  }
  if (!proof.length) {
    refuse(
      `the consistency proof is empty, and the trees have ${older.size} and ${newer.size} leaves`,
    );
  }
  // An old tree that is complete is itself the first node, and its hash is not sent.
  const isComplete = (older.size & (older.size - 1n)) === 0n;
  const roots = await _bothRoots(older.size, newer.size, isComplete ? [older.root, ...proof] : proof);
  for (const [at, { size, root }] of [older, newer].entries()) {
    if (!sameBytes(roots[at], root)) {
      refuse(
        `the consistency proof leads to ${toHex(roots[at])}, ` +
          `and the root of the tree of ${size} is ${toHex(root)}`,
      );
    }
  }
}

async function _requireSameTree(older, newer, proof) {
  const { size } = newer;
  if (proof.length) {
    refuse(`both trees have ${size} leaves, so the consistency proof must be empty`);
  }
  if (!sameBytes(older.root, newer.root)) {
    refuse(`there are two roots of the tree of ${size}: the log has forked`);
  }
  if (size === 0n && !sameBytes(newer.root, await emptyRoot())) {
    refuse(`${toHex(newer.root)} is not the root of a tree of ${size}`);
  }
}

/** The root of the tree without leaves. */
function emptyRoot() {
  return sha256(new Uint8Array(0));
}

async function _bothRoots(oldSize, newSize, [start, ...path]) {
  let [at, last] = [oldSize - 1n, newSize - 1n];
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let [older, newer] = [start, start];
  for (const value of path) {
    if (last === 0n) {
      refuse(`the consistency proof is longer than one from ${oldSize} to ${newSize} leaves`);
    }
    if (at & 1n || at === last) {
      older = await _nodeHash(value, older);
      newer = await _nodeHash(value, newer);
      [at, last] = _toARightChild(at, last);
    } else {
      newer = await _nodeHash(newer, value);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) {
    refuse(`the consistency proof is shorter than one from ${oldSize} to ${newSize} leaves`);
  }
  return [older, newer];
}
