import { createTurns } from '@romm-netplay/service-kit';
import type { AttemptLimiter } from '@romm-netplay/shared-state';
import { refuseBusy, SocketError } from '../errors.js';
import type { OpenSockets } from '../players/open-sockets.js';
import type { PlayerTokens, RommCredential } from '../ports.js';
import { identify, type IdentifyDeps, type Identity } from '../tokens/identify.js';
import { notOfPlayer } from '../tokens/not-of-player.js';
import { createIntroductions } from './introductions.js';
import { credentialKey } from './romm-credential.js';

export interface RommSessionsOptions extends IdentifyDeps {
  readonly tokens: PlayerTokens;
  readonly sockets: Pick<OpenSockets, 'hasSession'>;
  /** Ends what is open of a session that is over at RomM. */
  readonly end: (sessionRef: string) => void;
  /** Counts the credentials of an address that RomM does not know. */
  readonly unknown: AttemptLimiter;
  /** Milliseconds of a clock that is never put back. */
  readonly monotonicMs?: () => number;
  readonly timing?: Partial<RommTiming>;
}

/** Together they end a session here within a minute of its end at RomM, RomM's own three seconds included. */
export interface RommTiming {
  /** How often a session with open sockets is asked for. */
  readonly checkMs: number;
  /** When to ask again where nobody could tell. */
  readonly retryMs: number;
  /** How old auth's memory of RomM's word may be then. */
  readonly maxAgeSeconds: number;
  /** How long this node takes its own word, for pages that ask for the list in a loop. */
  readonly localMs: number;
  readonly tickMs: number;
}

export const ROMM_TIMING: RommTiming = {
  checkMs: 20_000,
  retryMs: 4_000,
  maxAgeSeconds: 25,
  localMs: 5_000,
  tickMs: 1_000,
};

/** Players who come with RomM's own session and know nothing of tokens (N2). */
export interface RommSessions {
  /**
   * Who holds a credential. Callers at the same time share one question.
   * @throws SocketError not_signed_in, kiosk_visitor, account_disabled, identity_taken, too_many_attempts;
   * StateUnavailableError
   */
  introduce(credential: RommCredential, address: string): Promise<Identity>;
  close(): void;
}

/** In memory while sockets of it are open. */
interface Known {
  readonly credential: RommCredential;
  readonly playerId: string;
  checkedAtMs: number;
  checking: boolean;
}

const MAX_KNOWN = 20_000;
/** Auth asks RomM one by one for what it does not know; what has to wait longer than RomM may take is refused. */
const QUESTIONS = { atOnce: 32, waiting: 512 };
const CHECKS = { atOnce: 8, waiting: Infinity };

export function createRommSessions(options: RommSessionsOptions): RommSessions {
  const { tokens, sockets, end, unknown, monotonicMs = () => performance.now() } = options;
  const timing = { ...ROMM_TIMING, ...options.timing };
  const known = new Map<string, Known>();
  const questionsInTurn = createTurns(QUESTIONS);
  const checksInTurn = createTurns(CHECKS);
  const introductions = createIntroductions({ localMs: timing.localMs, unknown, monotonicMs });

  async function ask(credential: RommCredential, sessionRef: string, maxAge?: number): Promise<Identity> {
    const token = await tokens.read(credential, maxAge);
    const { player } = await identify(options, token, ['sfu:read']).catch(notOfPlayer);
    return { player, sessionRef, ticket: (socket) => tokens.write(credential, socket) };
  }

  async function askNew(credential: RommCredential, sessionRef: string): Promise<Identity> {
    // As new as at every later check: what ended at RomM just before would else live as long again.
    const identity = await questionsInTurn(() => ask(credential, sessionRef, timing.maxAgeSeconds)).catch(
      refuseBusy,
    );
    const { playerId } = identity.player;
    // Whoever could not be watched would go on after signing out.
    if (known.size >= MAX_KNOWN && !known.has(sessionRef)) throw new SocketError('busy');
    // Not all at once who came at once: RomM answers one after another.
    const checkedAtMs = monotonicMs() - Math.random() * timing.checkMs;
    known.set(sessionRef, { credential, playerId, checkedAtMs, checking: false });
    return identity;
  }

  /** Asks again for a session that has sockets here; ends it when RomM says that it is over, or another's. */
  async function check(sessionRef: string, session: Known): Promise<void> {
    session.checking = true;
    session.checkedAtMs = monotonicMs();
    try {
      const { player } = await checksInTurn(() => ask(session.credential, sessionRef, timing.maxAgeSeconds));
      if (player.playerId !== session.playerId) throw new SocketError('not_signed_in');
    } catch (error) {
      // Whether it is over cannot be told just now: games go on, and it is asked again soon.
      if (!(error instanceof SocketError) || error.retryable) {
        session.checkedAtMs = monotonicMs() - timing.checkMs + timing.retryMs;
        return;
      }
      known.delete(sessionRef);
      introductions.forget(sessionRef);
      end(sessionRef);
    } finally {
      session.checking = false;
    }
  }

  function tick(): void {
    const dueBefore = monotonicMs() - timing.checkMs;
    for (const [sessionRef, session] of known) {
      if (session.checking || session.checkedAtMs > dueBefore) continue;
      if (sockets.hasSession(sessionRef)) void check(sessionRef, session);
      else known.delete(sessionRef);
    }
  }
  const ticking = setInterval(tick, timing.tickMs);

  return {
    introduce(credential, address) {
      const sessionRef = `romm ${credentialKey(credential)}`;
      return introductions.introduce(sessionRef, address, () => askNew(credential, sessionRef));
    },
    close: () => clearInterval(ticking),
  };
}
