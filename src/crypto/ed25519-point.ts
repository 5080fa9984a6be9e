/**
 * Whether 32 bytes are a public key of Ed25519. Node imports any 32 bytes as one; a thumbprint must stand for a key that
 * exists (protocols CR-21). Arithmetic on public values only, a fraction of a millisecond, and seldom needed.
 */

const P = 2n ** 255n - 19n
/** The curve is −x² + y² = 1 + D·x²·y² over the integers modulo P (RFC 8032 section 5.1). */
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n

/**
 * Whether the bytes encode a point of the curve in the one canonical way (RFC 8032 section 5.1.3), and not one of the few
 * of order 8 or less: behind those stands no secret.
 */
export function isEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false
  const y = BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`) & (2n ** 255n - 1n)
  if (y >= P) return false
  const ySquared = (y * y) % P
  // x² = (y² − 1) / (D·y² + 1): there is an x where numerator times denominator is a square.
  const product = ((ySquared - 1n + P) * (D * ySquared + 1n)) % P
  return !hasSmallOrder(y, ySquared) && power(product, (P - 1n) / 2n) === 1n
}

/** Orders 1 and 2 have y = ±1, order 4 has y = 0, and doubling a point of order 8 gives y = 0: D·y⁴ + 2y² = 1. */
function hasSmallOrder(y: bigint, ySquared: bigint): boolean {
  return y === 0n || ySquared === 1n || (D * ySquared * ySquared + 2n * ySquared) % P === 1n
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let square = base % P, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}
