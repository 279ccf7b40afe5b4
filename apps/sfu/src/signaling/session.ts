import { type Replies, REQUESTS } from '@romm-netplay/protocol';
import { type CloseName, type SocketErrorBody, SUBPROTOCOL } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { assertMay } from '../guests/assert-may.js';
import { assertSocketFree } from '../guests/assert-socket-free.js';
import type { Outbox } from '../ports.js';
import type { Caller } from '../rooms/caller.js';
import { EventMessage } from '../players/event-message.js';
import { keepPlace, type KeepPlaceDeps } from '../rooms/keep-place.js';
import { leaveRoom } from '../rooms/leave-room.js';
import { relayFrame } from '../rooms/relay-frame.js';
import { identify, type IdentifyDeps, type Identity } from '../tokens/identify.js';
import type { TokenPolicy } from '../tokens/token-policy.js';
import type { OpenSockets } from '../players/open-sockets.js';
import { farewellFor, refusalOf, standardRefusal } from './refusal.js';
import type { PlayerBudgets } from './player-budgets.js';
import type { RequestHandlers, RoomRequestType } from './request-handlers.js';

export interface SessionDeps extends KeepPlaceDeps, IdentifyDeps {
  readonly policy: TokenPolicy;
  readonly handlers: RequestHandlers;
  readonly sockets: OpenSockets;
  readonly budgets: PlayerBudgets;
  readonly nodeId: string;
  readonly newId: () => string;
  /** Told of errors nobody foresaw. */
  readonly onUnexpected: (error: unknown, clientId: string) => void;
}

/** What the upgrade request already told of the caller. */
export interface Introduction {
  /** Of a bearer token, verified before the upgrade. */
  readonly identity?: Identity | undefined;
  /** Who the request's cookies speak for; asked when the first message brings no token (P1.8). */
  readonly fallback?: (() => Promise<Identity>) | undefined;
  /** How the transport names the connection already, where it does. */
  readonly clientId?: string;
}

/** Requests of one connection run one after another; this many may be under way or wait. */
const MAX_PENDING = 64;

/**
 * One connection from its first message to its end: opened -> authenticated -> closed. Knows no socket
 * library and no encoding; whatever carries it hands over requests and frames, and says when it has gone.
 */
export class Session {
  readonly clientId: string;
  readonly #deps: SessionDeps;
  readonly #outbox: Outbox;
  readonly #fallback: Introduction['fallback'];
  #caller: (Caller & { connected: boolean }) | undefined;
  /** Takes the connection off the list of those whose player is known. */
  #forget: () => void = () => undefined;
  #greeted = false;
  #closed = false;
  #pending = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(deps: SessionDeps, outbox: Outbox, introduction: Introduction = {}) {
    this.#deps = deps;
    this.#outbox = outbox;
    this.clientId = introduction.clientId ?? deps.newId();
    this.#fallback = introduction.fallback;
    if (introduction.identity) this.#admitIntroduced(introduction.identity);
  }

  get authenticated(): boolean {
    return this.#caller !== undefined;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Who is on the connection, once that is known. */
  get caller(): Caller | undefined {
    return this.#caller;
  }

  /** Whether nothing is under way or waits. */
  get idle(): boolean {
    return this.#pending === 0;
  }

  /**
   * Calls `work`, which must not reject, when what was asked before is done; not at all once the connection
   * has gone. @throws SocketError busy
   */
  inTurn(work: () => unknown): void {
    if (this.#pending >= MAX_PENDING) throw new SocketError('busy');
    this.#pending += 1;
    this.#tail = this.#tail.then(async () => {
      if (!this.#closed) await work();
      this.#pending -= 1;
    });
  }

  /** Answers a request; to be called in turn. Rejects with what `describe` understands. */
  async handle(type: string, data: unknown): Promise<unknown> {
    if (type === 'hello') return this.#hello(data);
    const caller = this.#caller ?? (await this.#authenticate(undefined));
    if (!isRoomRequest(type)) throw new SocketError('unknown_type');
    const handle = this.#deps.handlers[type] as (caller: Caller, data: unknown) => unknown;
    return handle(caller, parseData(REQUESTS[type], data));
  }

  /** Takes a binary frame of the game; never throws. */
  receiveBinary(frame: Uint8Array): void {
    if (this.#closed) return;
    if (this.#caller === undefined && this.#pending > 0 && this.#pending < MAX_PENDING) {
      // Right behind a hello that is still being verified.
      this.inTurn(() => this.receiveBinary(frame));
      return;
    }
    if (this.#caller === undefined) {
      this.close('unauthorized');
      return;
    }
    try {
      relayFrame(this.#caller, frame);
    } catch (error) {
      this.#outbox.sendEvent(new EventMessage('error', this.describe(error)));
    }
  }

  /** The connection has gone, for whatever reason; its place is kept. Idempotent. */
  disconnected(): void {
    this.#end(keepPlace);
  }

  #end(farewell: (deps: SessionDeps, caller: Caller) => void): void {
    this.#closed = true;
    const caller = this.#caller;
    if (caller === undefined) return;
    this.#forget();
    caller.connected = false;
    farewell(this.#deps, caller);
  }

  async #hello(data: unknown): Promise<Replies['hello']> {
    const { token } = parseData(REQUESTS.hello, data);
    if (this.#greeted) throw new SocketError('already_authenticated');
    const { player } = this.#caller ?? (await this.#authenticate(token));
    this.#greeted = true;
    return {
      client_id: this.clientId,
      player_id: player.playerId,
      name: player.name,
      node_id: this.#deps.nodeId,
      protocol: SUBPROTOCOL,
    };
  }

  async #authenticate(token: string | undefined): Promise<Caller> {
    if (token !== undefined)
      return this.#admit(await identify(this.#deps, token, this.#deps.policy.identity));
    if (this.#fallback === undefined) throw new SocketError('unauthorized');
    return this.#admit(await this.#fallback());
  }

  /** What may have changed since the token was verified is asked again here. */
  #admitIntroduced(identity: Identity): void {
    try {
      this.#admit(identity);
    } catch (error) {
      this.close(farewellFor(this.describe(error)));
    }
  }

  #admit({ player, sessionRef, ticket: mint }: Identity): Caller {
    assertMay(this.#deps, player);
    assertSocketFree(this.#deps, player);
    const { clientId } = this;
    const [outbox, connected] = [this.#outbox, !this.#closed];
    const ticket = mint && (() => mint(clientId));
    const { maySay, maySpread } = this.#deps.budgets.of(player.playerId);
    this.#caller = {
      ...{ clientId, player, outbox, sessionRef, ticket, connected },
      ...{ maySay, maySpread, room: undefined },
    };
    if (connected) {
      const end = (name: CloseName) => this.#endForGood(name);
      this.#forget = this.#deps.sockets.add({ player, sessionRef, end });
    }
    return this.#caller;
  }

  /** Whoever stands behind the connection may not be here any more: nobody has a place to come back to. */
  #endForGood(name: CloseName): void {
    this.#outbox.close(name);
    this.#end(leaveRoom);
  }

  /** How an error is told to the client; those nobody foresaw are reported. */
  describe(error: unknown): SocketErrorBody {
    const refusal = refusalOf(error);
    if (refusal !== undefined) return refusal;
    this.#deps.onUnexpected(error, this.clientId);
    return standardRefusal('internal');
  }

  close(name: CloseName): void {
    this.#outbox.close(name);
    this.disconnected();
  }
}

const isRoomRequest = (type: string): type is RoomRequestType =>
  Object.hasOwn(REQUESTS, type) && type !== 'hello';

function parseData<R extends (typeof REQUESTS)[keyof typeof REQUESTS]>(schema: R, data: unknown) {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data as ReturnType<R['parse']>;
  const [issue] = parsed.error.issues;
  const field = ['data', ...(issue?.path ?? [])].join('.');
  throw new SocketError('invalid_request', { message: `${field}: ${issue?.message ?? 'is not valid'}` });
}
