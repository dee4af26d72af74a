// Verification of Ed25519 signatures (RFC 8032 section 5.1.7), by the browser where it offers it
// and else by the code here. Only public values are handled, so it may take its time.

/** Whether a signature of 64 bytes over a message is by the key of these 32 bytes. */
async function isSignedBy(publicKey, signature, message) {
  const subtle = browserCrypto();
  if (subtle) {
    try {
      const algorithm = { name: "Ed25519" };
      const key = await subtle.importKey("raw", publicKey, algorithm, false, ["verify"]);
      return await subtle.verify(algorithm, key, signature, message);
    } catch {
      // The browser does not know Ed25519, or not these bytes: it is worked out below.
    }
  }
  return plainIsSignedBy(publicKey, signature, message);
}

const _P = 2n ** 255n - 19n;
const _ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

function _mod(value, modulus = _P) {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

function _power(base, exponent) {
  let [result, square] = [1n, _mod(base)];
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = _mod(result * square);
    square = _mod(square * square);
  }
  return result;
}

function _inverse(value) {
  return _power(value, _P - 2n);
}

const _D = _mod(-121665n * _inverse(121666n));
const _ROOT_OF_MINUS_ONE = _power(2n, (_P - 1n) / 4n);

function _littleEndian(bytes) {
  return BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
}

/** The x of a y on the curve with its lowest bit; null where there is none (section 5.1.3). */
function _xOf(y, lowestBit) {
  const [above, below] = [_mod(y * y - 1n), _mod(_D * y * y + 1n)];
  const square = _mod(above * _inverse(below));
  let x = _power(square, (_P + 3n) / 8n);
  if (_mod(x * x) !== square) x = _mod(x * _ROOT_OF_MINUS_ONE);
  if (_mod(x * x) !== square) return null;
  return (x & 1n) === lowestBit ? x : _mod(-x);
}

// Points are in extended coordinates [X, Y, Z, T]: x = X/Z, y = Y/Z, x*y = T/Z (section 5.1.4).

function _point(x, y) {
  return [x, y, 1n, _mod(x * y)];
}

const _BASE_Y = _mod(4n * _inverse(5n));
const _BASE = _point(_xOf(_BASE_Y, 0n), _BASE_Y);

function _add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = _mod((y1 - x1) * (y2 - x2));
  const b = _mod((y1 + x1) * (y2 + x2));
  const c = _mod(2n * t1 * _D * t2);
  const d = _mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [_mod(e * f), _mod(g * h), _mod(f * g), _mod(e * h)];
}

function _times(point, factor) {
  let [result, doubled] = [_point(0n, 1n), point];
  for (let left = factor; left > 0n; left >>= 1n) {
    if (left & 1n) result = _add(result, doubled);
    doubled = _add(doubled, doubled);
  }
  return result;
}

function _encoded([x, y, z]) {
  const inverse = _inverse(z);
  const whole = _mod(y * inverse) | ((_mod(x * inverse) & 1n) << 255n);
  const hex = whole.toString(16).padStart(64, "0");
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16)).reverse();
}

/** The point R is compared as bytes, so it has one form; and so has S, below the order. */
function plainIsSignedBy(publicKey, signature, message) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const [pointR, scalar] = [signature.subarray(0, 32), _littleEndian(signature.subarray(32))];
  if (scalar >= _ORDER) return false;
  const whole = _littleEndian(publicKey);
  const y = _mod(whole & (2n ** 255n - 1n));
  const x = _xOf(y, whole >> 255n);
  if (x === null) return false;
  const hash = _littleEndian(plainSha512(joinBytes(pointR, publicKey, message)));
  const minusKey = _point(_mod(-x), y);
  const found = _add(_times(_BASE, scalar), _times(minusKey, hash % _ORDER));
  return sameBytes(_encoded(found), pointR);
}
