import { createHash } from 'node:crypto';

/** One showing of something that another instance signed for a single use. */
export interface FirstUse {
  /** Issuer URL of whoever signed it: its ids mean nothing beside those of others (S6). */
  readonly issuer: string;
  readonly jti: string;
  /**
   * The earliest and the latest moment at which it can be shown, with what clocks may differ (milliseconds since
   * the epoch).
   */
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * What others minted has no marker here, so its first use is what is recorded (P2.6). Rejects with
 * StateUnavailableError when the state is away, and when it cannot know of a use that may have been before it
 * began to remember: a store that was emptied lets nothing through twice.
 */
export interface FirstUseStore {
  /** True for exactly one caller, however many nodes ask at the same time; one round trip. */
  claim(use: FirstUse): Promise<boolean>;
  /** Whether `claim` would answer true now; changes nothing. */
  isUnused(use: FirstUse): Promise<boolean>;
}

/** What is signed for a single use, as far as that is concerned; times in seconds since the epoch. */
interface SignedOnce {
  readonly iss: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
}

/** Another process here, whose clock is behind this one's, takes a token for so much longer. */
const OWN_CLOCKS_DIFFER_SECONDS = 30;

/** The showing of something that verifies while clocks differ by no more than `clockSkewSeconds`. */
export const firstUseOf = (
  { iss: issuer, jti, iat, exp }: SignedOnce,
  clockSkewSeconds: number,
): FirstUse => ({
  issuer,
  jti,
  fromMs: (iat - clockSkewSeconds) * 1000,
  untilMs: (exp + clockSkewSeconds + OWN_CLOCKS_DIFFER_SECONDS) * 1000,
});

/** Bounded and without separators, whatever the URL. */
export const firstUseName = ({ issuer, jti }: FirstUse): string =>
  `${createHash('sha256').update(issuer).digest('base64url').slice(0, 22)}:${jti}`;
