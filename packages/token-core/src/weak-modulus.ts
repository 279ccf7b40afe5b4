/**
 * Moduli of RSA that anybody can factor. Whoever publishes one has lost the key already, and with it every token
 * that it verifies; nobody notices by looking.
 */

const SMALL = primesBelow(10_000);
/** Beyond these the test says nothing more: by chance one modulus in 2^27 passes. */
const ROCA_PRIMES = SMALL.filter((prime) => prime > 2 && prime <= 167);
const ROCA_GENERATOR = 65_537;
const ROCA_RESIDUES = ROCA_PRIMES.map((prime) => ({ prime: BigInt(prime), powers: powersOf(prime) }));
/** Factors of a proper key differ in their first hundred bits, and are not found in a hundred steps. */
const FERMAT_STEPS = 100;
/** Of 5,040 remainders few are those of a square. */
const SQUARE_MODULUS = 5_040;
const SQUARES = new Set(Array.from({ length: SQUARE_MODULUS }, (_, root) => (root * root) % SQUARE_MODULUS));

/** Why a modulus is easy to factor, as an end of a sentence; undefined when nothing is known of it. */
export function weaknessOf(modulus: bigint): string | undefined {
  if (SMALL.some((prime) => modulus % BigInt(prime) === 0n)) return 'has a small factor';
  if (isOfRoca(modulus)) return 'is of a library whose keys can be factored (ROCA, CVE-2017-15361)';
  if (hasCloseFactors(modulus)) return 'has factors that are too close to each other';
  return undefined;
}

/**
 * Primes of that library are powers of 65537 modulo the product of the first primes, and so are their products
 * (Nemec et al., The Return of Coppersmith's Attack, CCS 2017, section 2).
 */
const isOfRoca = (modulus: bigint): boolean =>
  ROCA_RESIDUES.every(({ prime, powers }) => powers.has(Number(modulus % prime)));

function powersOf(prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * (ROCA_GENERATOR % prime)) % prime)
    powers.add(power);
  return powers;
}

/** Fermat's method: n = a² - b², with a next to the root of n where the factors are close. */
function hasCloseFactors(modulus: bigint): boolean {
  let a = rootOf(modulus);
  if (a * a < modulus) a += 1n;
  for (let step = 0; step < FERMAT_STEPS; step += 1, a += 1n) {
    const square = a * a - modulus;
    // A root of so many digits costs, and most numbers show by their last ones that they are no square.
    if (!SQUARES.has(Number(square % BigInt(SQUARE_MODULUS)))) continue;
    const b = rootOf(square);
    if (b * b === square) return true;
  }
  return false;
}

/** The integer part of a square root, by Newton's method. */
function rootOf(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt(Math.ceil(value.toString(2).length / 2));
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** The sieve of Eratosthenes. */
function primesBelow(limit: number): number[] {
  const isComposite = new Uint8Array(limit);
  const primes: number[] = [];
  for (let candidate = 2; candidate < limit; candidate += 1) {
    if (isComposite[candidate] === 1) continue;
    primes.push(candidate);
    for (let multiple = candidate * candidate; multiple < limit; multiple += candidate)
      isComposite[multiple] = 1;
  }
  return primes;
}
