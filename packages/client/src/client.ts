import type { ListedRoom } from '@romm-netplay/protocol';
import { type AuthAccess, createAuthAccess } from './auth-access.js';
import { parseBaseUrl } from './base-url.js';
import { cookieCredential, type Credential, headerCredential } from './credential.js';
import { createEmitter } from './emitter.js';
import { codeOf } from './errors.js';
import { createHostingNodes } from './hosting-node.js';
import { createOpenRooms, type OpenRooms } from './open-rooms.js';
import { type Player, playerOf } from './player.js';
import type { NetplayRoom } from './room.js';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
import type { JoinRoomOptions, OpenRoomOptions } from './seats.js';
import { createSession, type Credentials, type Session } from './session.js';
import { createSfuAccess } from './sfu-access.js';
import { createTokens, type TokenType } from './tokens.js';

/**
 * How the player proves to auth who they are: a session of auth's own, the page's RomM cookie, or the value of
 * an Authorization header (a client token, a development id).
 */
export type Identity = 'session' | 'cookie' | (() => string | Promise<string>);

export interface NetplayOptions extends RuntimeOptions {
  readonly authUrl: string;
  readonly sfuUrl: string;
  /** 'session' by default. */
  readonly identity?: Identity;
  /** Whether to follow a room to the node that the own instance says it is on; true by default. */
  readonly followRedirects?: boolean;
  /** For how long a room tries to come back after a lost connection; 60 s by default, as servers do. */
  readonly reconnectMs?: number;
}

export interface NetplayEvents {
  /** Somebody signed in or out, here or in another tab. */
  'player-changed': Player | undefined;
}

export interface NetplayClient {
  /** Who is signed in, as far as this page knows; see `restore`. */
  readonly player: Player | undefined;
  /** Begins a session: with an account of auth, or with what else the browser shows it (RomM's cookie). */
  signIn(credentials?: Credentials): Promise<Player>;
  /** Ends the session, or with `all` those on other devices too. */
  signOut(options?: { readonly all?: boolean }): Promise<void>;
  /** Finds out who is signed in, at page load; undefined when nobody is. */
  restore(): Promise<Player | undefined>;
  /** A read token, kept until a minute before its expiry, or a new write token. */
  token(type?: TokenType): Promise<string>;
  rooms(filter?: { readonly gameId?: string | number }): Promise<readonly ListedRoom[]>;
  openRoom(options: OpenRoomOptions): Promise<NetplayRoom>;
  joinRoom(options: JoinRoomOptions): Promise<NetplayRoom>;
  on<K extends keyof NetplayEvents>(type: K, listener: (data: NetplayEvents[K]) => void): () => void;
  /** Leaves every room and lets go of the page; the session goes on. */
  close(): Promise<void>;
}

export const createNetplayClient = (options: NetplayOptions): NetplayClient => assembleClient(options).client;

/** The client, and what it is made of, for what builds on it. */
export interface ClientParts {
  readonly client: NetplayClient;
  readonly runtime: Runtime;
  readonly authUrl: string;
  readonly credential: Credential;
  readonly auth: AuthAccess;
  readonly openRooms: OpenRooms;
}

export function assembleClient(options: NetplayOptions): ClientParts {
  const { identity = 'session', followRedirects = true, reconnectMs = 60_000 } = options;
  const authUrl = parseBaseUrl('authUrl', options.authUrl);
  const sfuUrl = parseBaseUrl('sfuUrl', options.sfuUrl);
  const runtime = createRuntime(options);
  const events = createEmitter<NetplayEvents>();
  let player: Player | undefined;
  const setPlayer = (next: Player | undefined): void => {
    const isSame = player?.sub === next?.sub;
    player = next;
    if (!isSame) events.emit('player-changed', next);
  };

  const session =
    identity === 'session' ? createSession({ runtime, authUrl, onPlayer: setPlayer }) : undefined;
  const credential =
    session ?? (typeof identity === 'function' ? headerCredential(identity) : cookieCredential);
  const auth = createAuthAccess({ runtime, credential });
  const tokens = createTokens({ runtime, authUrl, auth, credential });
  const access = createSfuAccess({ runtime, tokens, credential });
  const nodes = createHostingNodes({ runtime, access, sfuUrl, followRedirects });
  const openRooms = createOpenRooms(reconnectMs);
  const entry = openRooms.entryTo({
    runtime,
    credential,
    tokens,
    access,
    nodes,
    entrance: () => sfuUrl,
    followRedirects,
  });

  const client: NetplayClient = {
    get player() {
      return player;
    },
    signIn: (credentials) => ownSession(session).signIn(credentials),
    signOut: (scope) => ownSession(session).signOut(scope),
    async restore() {
      try {
        if (session) await session.authorization();
        else setPlayer(playerOf(await tokens.read()));
      } catch (error) {
        if (codeOf(error) !== 'not_signed_in') throw error;
        setPlayer(undefined);
      }
      return player;
    },
    token: (type = 'read') => (type === 'read' ? tokens.read() : tokens.write()),
    rooms: ({ gameId } = {}) => nodes.list(gameId),
    openRoom: entry.open,
    joinRoom: entry.join,
    on: events.on,
    async close() {
      session?.close();
      await openRooms.close();
      events.clear();
    },
  };
  return { client, runtime, authUrl, credential, auth, openRooms };
}

function ownSession(session: Session | undefined): Session {
  if (session) return session;
  throw new TypeError("signIn and signOut need identity: 'session'.");
}
