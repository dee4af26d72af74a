// SHA-256 (FIPS 180-4), by the browser where it offers it and else by the code here, and SHA-512,
// which only the Ed25519 of ours needs.

/** The browser's own cryptography, if it has any. */
function browserCrypto() {
  return globalThis.crypto?.subtle ?? null;
}

async function sha256(...parts) {
  const data = joinBytes(...parts);
  const subtle = browserCrypto();
  return subtle ? new Uint8Array(await subtle.digest("SHA-256", data)) : plainSha256(data);
}

// The constants are digits of square and cube roots of the first primes, worked out here: a number
// that is computed cannot be mistyped.

function _primes(count) {
  const found = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime)) found.push(candidate);
  }
  return found;
}

/** The first 64 bits behind the point of the root of a prime. */
function _rootBits(prime, degree) {
  const power = BigInt(degree);
  const radicand = BigInt(prime) << (64n * power);
  let low = 0n;
  let high = 1n << 72n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** power <= radicand) low = middle;
    else high = middle;
  }
  return low & (2n ** 64n - 1n);
}

const _START = _primes(8).map((prime) => _rootBits(prime, 2));
const _ROUNDS = _primes(80).map((prime) => _rootBits(prime, 3));
const _START_256 = Uint32Array.from(_START, (bits) => Number(bits >> 32n));
const _ROUNDS_256 = Uint32Array.from(_ROUNDS.slice(0, 64), (bits) => Number(bits >> 32n));

/** The message, a one bit, zeros, and the length in bits: a whole number of blocks. */
function _padded(data, blockLength) {
  const lengthBytes = blockLength / 8;
  const blocks = Math.ceil((data.length + 1 + lengthBytes) / blockLength);
  const padded = new Uint8Array(blocks * blockLength);
  padded.set(data);
  padded[data.length] = 0x80;
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(data.length) * 8n);
  return padded;
}

function plainSha256(data) {
  const padded = _padded(data, 64);
  const view = new DataView(padded.buffer);
  const state = Uint32Array.from(_START_256);
  const words = new Uint32Array(64);
  for (let at = 0; at < padded.length; at += 64) {
    for (let t = 0; t < 16; t += 1) words[t] = view.getUint32(at + 4 * t);
    _mix256(state, words);
  }
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, t) => digest.setUint32(4 * t, word));
  return new Uint8Array(digest.buffer);
}

function _turn(word, bits) {
  return (word >>> bits) | (word << (32 - bits));
}

/** One block: its sixteen words into the state (section 6.2.2). */
function _mix256(state, words) {
  for (let t = 16; t < 64; t += 1) {
    const [x, y] = [words[t - 15], words[t - 2]];
    const low = _turn(x, 7) ^ _turn(x, 18) ^ (x >>> 3);
    const high = _turn(y, 17) ^ _turn(y, 19) ^ (y >>> 10);
    words[t] = words[t - 16] + low + words[t - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 64; t += 1) {
    const fromE = (_turn(e, 6) ^ _turn(e, 11) ^ _turn(e, 25)) + ((e & f) ^ (~e & g));
    const first = (h + fromE + _ROUNDS_256[t] + words[t]) | 0;
    const fromA = (_turn(a, 2) ^ _turn(a, 13) ^ _turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e] = [g, f, e, (d + first) | 0];
    [d, c, b, a] = [c, b, a, (first + fromA) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, t) => {
    state[t] += word;
  });
}

const _64_BITS = 2n ** 64n - 1n;

function _turn64(word, bits) {
  return ((word >> bits) | (word << (64n - bits))) & _64_BITS;
}

function plainSha512(data) {
  const padded = _padded(data, 128);
  const view = new DataView(padded.buffer);
  const state = BigUint64Array.from(_START);
  const words = new BigUint64Array(80);
  for (let at = 0; at < padded.length; at += 128) {
    for (let t = 0; t < 16; t += 1) words[t] = view.getBigUint64(at + 8 * t);
    _mix512(state, words);
  }
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((word, t) => digest.setBigUint64(8 * t, word));
  return new Uint8Array(digest.buffer);
}

/** The same as above, with 64 bits and other distances (section 6.4.2). */
function _mix512(state, words) {
  for (let t = 16; t < 80; t += 1) {
    const [x, y] = [words[t - 15], words[t - 2]];
    const low = _turn64(x, 1n) ^ _turn64(x, 8n) ^ (x >> 7n);
    const high = _turn64(y, 19n) ^ _turn64(y, 61n) ^ (y >> 6n);
    words[t] = words[t - 16] + low + words[t - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let t = 0; t < 80; t += 1) {
    const fromE =
      (_turn64(e, 14n) ^ _turn64(e, 18n) ^ _turn64(e, 41n)) + ((e & f) ^ (~e & _64_BITS & g));
    const first = h + fromE + _ROUNDS[t] + words[t];
    const fromA =
      (_turn64(a, 28n) ^ _turn64(a, 34n) ^ _turn64(a, 39n)) + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e] = [g, f, e, (d + first) & _64_BITS];
    [d, c, b, a] = [c, b, a, (first + fromA) & _64_BITS];
  }
  [a, b, c, d, e, f, g, h].forEach((word, t) => {
    state[t] += word;
  });
}
