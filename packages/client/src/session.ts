import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { Credential } from './credential.js';
import { clientError, NetplayError } from './errors.js';
import { badResponse, requestJson } from './http.js';
import type { Player } from './player.js';
import { retrying } from './retry.js';
import type { Runtime } from './runtime.js';
import { createExclusion } from './session-exclusion.js';
import { openSiblings, type Shared } from './siblings.js';
import { createSignOut } from './sign-out.js';
import { RENEW_BEFORE_MS } from './tokens.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The signed-in player of this browser: an access token in memory, a refresh token in a cookie (S1). */
export interface Session extends Credential {
  signIn(credentials?: Credentials): Promise<Player>;
  /** Signed out here at once. Rejects when auth cannot be told: that is made up for, before anybody signs in. */
  signOut(options?: { readonly all?: boolean }): Promise<void>;
  close(): void;
}

export interface SessionDeps {
  readonly runtime: Runtime;
  readonly authUrl: string;
  readonly onPlayer: (player: Player | undefined) => void;
}

type SignedIn = (typeof AUTH_API)['refresh']['reply']['_zod']['output'];
interface Current {
  readonly accessToken: string;
  readonly expiresAtMs: number;
  readonly player: Player;
}

/** How long a tab that had to wait gives the other tab's message to arrive. */
const HAND_OVER_MS = 100;

export function createSession({ runtime, authUrl, onPlayer }: SessionDeps): Session {
  const name = `netplay-session:${authUrl}`;
  const alone = createExclusion(runtime, name);
  const siblings = openSiblings(runtime, name, receive);
  const ending = createSignOut({ runtime, authUrl, name: `${name}:to-end`, alone });
  let current: Current | undefined;
  let epoch = 0;
  let flight: Promise<Current> | undefined;

  function replace(next: Current | undefined): void {
    const previous = current;
    current = next;
    if (previous && previous.player.sub !== next?.player.sub) epoch += 1;
    if (previous?.player.sub !== next?.player.sub) onPlayer(next?.player);
  }

  function signedOut(): NetplayError {
    replace(undefined);
    return clientError('not_signed_in', { status: 401 });
  }

  function receive(shared: Shared | undefined): void {
    if (shared?.newSession && current) epoch += 1;
    replace(shared && { ...shared, expiresAtMs: runtime.now() + shared.expiresInMs });
  }

  async function ask(path: 'login' | 'refresh', body: object): Promise<Current> {
    const askedAtMs = runtime.now();
    const shared = await begin(runtime, `${authUrl}/api/auth/${path}`, body);
    const newSession = path === 'login';
    siblings.tell({ ...shared, newSession });
    if (newSession && current) epoch += 1;
    const next = { ...shared, expiresAtMs: askedAtMs + shared.expiresInMs };
    replace(next);
    return next;
  }

  /** A session that will do, without asking auth. */
  const usable = (refused: string | undefined): Current | undefined => {
    if (!current || runtime.now() >= current.expiresAtMs - RENEW_BEFORE_MS) return undefined;
    return `Bearer ${current.accessToken}` === refused ? undefined : current;
  };

  function refreshOnce(refused: string | undefined): Promise<Current> {
    return alone(async (waited) => {
      if (await ending.madeUpFor()) throw signedOut();
      if (waited && !usable(refused)) await siblings.heard(HAND_OVER_MS);
      const handedOver = usable(refused);
      if (handedOver) return handedOver;
      try {
        return await ask('refresh', {});
      } catch (error) {
        if (!(error instanceof NetplayError) || error.status !== 401) throw error;
        throw signedOut();
      }
    });
  }

  return {
    get epoch() {
      return epoch;
    },
    cookies: 'same-origin',

    async authorization(refused) {
      const known = usable(refused);
      if (known) return `Bearer ${known.accessToken}`;
      flight ??= retrying(runtime, () => refreshOnce(refused)).finally(() => {
        flight = undefined;
      });
      return `Bearer ${(await flight).accessToken}`;
    },

    ended(ofEpoch) {
      if (ofEpoch === epoch) replace(undefined);
    },

    signIn: (credentials) =>
      alone(() => ending.madeUpFor().then(async () => (await ask('login', { ...credentials })).player)),

    signOut: ({ all = false } = {}) =>
      alone(() => {
        siblings.tell(undefined);
        replace(undefined);
        return ending.end(all);
      }),

    close() {
      ending.close();
      siblings.close();
    },
  };
}

async function begin(runtime: Runtime, url: string, body: object): Promise<Omit<Shared, 'newSession'>> {
  const reply = await requestJson(runtime, url, { body, credentials: 'include' });
  const { access_token: accessToken, expires, player } = reply as Partial<SignedIn>;
  if (typeof accessToken !== 'string' || typeof expires !== 'number' || typeof player?.sub !== 'string') {
    throw badResponse(url);
  }
  return { accessToken, expiresInMs: expires * 1_000, player };
}
