import type {
  ChatLine,
  Events,
  Replies,
  RequestInput,
  RequestType,
  RoomInfo,
  RoomUser,
} from '@romm-netplay/protocol';
import type { Channel, ReceivedFrame, SocketErrorBody } from '@romm-netplay/protocol/wire';
import { SESSION_ENDED, TAKEN_OVER } from './close-codes.js';
import type { Ending } from './credential.js';
import { createEmitter, type Emitter } from './emitter.js';
import { clientError, NetplayError } from './errors.js';
import { type Closed, connectionClosed, type NetplaySocket } from './netplay-socket.js';
import type { Attach, Held, JoinRoomOptions } from './seats.js';
import { takeBack, type TakeBackDeps } from './take-back.js';

export type RoomState = 'connected' | 'reconnecting' | 'closed';

/** What the server tells the members of a room, whatever it is; and what happens to the place. */
export interface RoomEvents extends Omit<Events, 'error' | 'room-redirect'> {
  state: RoomState;
  /** Once, with the reason: why the room is over for this player. */
  closed: NetplayError;
  /** Something was refused that nobody waits for: a binary frame, a redirect. */
  error: SocketErrorBody;
}

/** What members ask of a room; getting in and out has functions of its own. */
export type RoomRequest = Exclude<
  RequestType,
  'hello' | 'open-room' | 'join-room' | 'resume-room' | 'leave-room'
>;

/** A place in a room, whatever connection holds it just now. */
export interface NetplayRoom {
  readonly name: string;
  /** 0 is the first player; null for spectators. */
  readonly slot: number | null;
  readonly users: readonly RoomUser[];
  /** As of when the place was taken, or of the last `room-updated` since. */
  readonly info: RoomInfo;
  /** What was said last before the place was taken, oldest first. */
  readonly history: readonly ChatLine[];
  /** This player among `users`, and the target of signals to them; changes with every reconnect. */
  readonly clientId: string;
  readonly state: RoomState;
  /** Why the room is over, once it is. */
  readonly reason: NetplayError | undefined;
  /** Calls `listener` for every event of a type, across reconnects, until the answered function is called. */
  on<K extends keyof RoomEvents>(type: K, listener: (data: RoomEvents[K]) => void): () => void;
  onFrame(listener: (frame: ReceivedFrame) => void): () => void;
  /** Sends game bytes to every other member; false when they were dropped because the line is down. */
  sendFrame(channel: Channel, payload: Uint8Array): boolean;
  /** Asks whatever members and owners may ask (docs/PROTOCOL.md). @throws NetplayError */
  request<T extends RoomRequest>(type: T, data: RequestInput<T>): Promise<Replies[T]>;
  chat(message: string): Promise<void>;
  /** Sends any JSON to every other member. */
  sendData(data: unknown): Promise<void>;
  /** Sends any JSON to one member, by `client_id`. */
  signal(target: string, signal: unknown): Promise<void>;
  leave(): Promise<void>;
}

export interface RoomDeps extends TakeBackDeps {
  readonly credential: Ending;
  readonly onClosed: (room: Room) => void;
  /** Says in other words why the room is over. */
  readonly explain?: (reason: NetplayError) => NetplayError;
}

type AllEvents = RoomEvents & Pick<Events, 'room-redirect'> & { frame: ReceivedFrame };

/** A room in which `take` gets a place. @throws NetplayError when it gets none */
export async function enterRoom(
  deps: RoomDeps,
  options: JoinRoomOptions,
  take: (attach: Attach) => Promise<Held>,
): Promise<Room> {
  const events = createEmitter<AllEvents>();
  const attach = (socket: NetplaySocket): void => {
    socket.onEvent(({ type, data }) => events.emit(type, data as never));
    socket.onFrame((frame) => events.emit('frame', frame));
  };
  return new Room(deps, options, await take(attach), events, attach);
}

/** connected <-> reconnecting -> closed. Its listeners outlive its connections. */
export class Room implements NetplayRoom {
  readonly #deps: RoomDeps;
  readonly #options: JoinRoomOptions;
  readonly #events: Emitter<AllEvents>;
  readonly #attach: Attach;
  #held!: Held;
  /** Takes the place again, here or where the room moves to. */
  #ticket!: string;
  #users: readonly RoomUser[] = [];
  #info!: RoomInfo;
  #epoch = 0;
  #state: RoomState = 'reconnecting';
  #reason: NetplayError | undefined;

  constructor(
    deps: RoomDeps,
    options: JoinRoomOptions,
    held: Held,
    events: Emitter<AllEvents>,
    attach: Attach,
  ) {
    this.#deps = deps;
    this.#options = options;
    this.#events = events;
    this.#attach = attach;
    events.on('users-updated', ({ users }) => {
      if (Array.isArray(users)) this.#users = users;
    });
    events.on('room-updated', (info) => (this.#info = info));
    events.on('room-closed', () => this.#close(clientError('room_closed')));
    events.on('kicked', () => this.#close(clientError('kicked')));
    events.on('room-redirect', (redirect) => void this.#redirected(redirect));
    this.#hold(held);
  }

  get name(): string {
    return this.#info.room_name;
  }
  get slot(): number | null {
    return this.#users.find((user) => user.client_id === this.clientId)?.slot ?? null;
  }
  get users(): readonly RoomUser[] {
    return this.#users;
  }
  get info(): RoomInfo {
    return this.#info;
  }
  get history(): readonly ChatLine[] {
    return this.#held.seat.chat;
  }
  get clientId(): string {
    return this.#held.socket.hello.client_id;
  }
  get state(): RoomState {
    return this.#state;
  }
  get reason(): NetplayError | undefined {
    return this.#reason;
  }

  on<K extends keyof RoomEvents>(type: K, listener: (data: RoomEvents[K]) => void): () => void {
    return this.#events.on(type, listener);
  }

  onFrame(listener: (frame: ReceivedFrame) => void): () => void {
    return this.#events.on('frame', listener);
  }

  sendFrame(channel: Channel, payload: Uint8Array): boolean {
    return this.#state === 'connected' && this.#held.socket.sendFrame(channel, payload);
  }

  async request<T extends RoomRequest>(type: T, data: RequestInput<T>): Promise<Replies[T]> {
    return this.#connected().request(type, data);
  }

  async chat(message: string): Promise<void> {
    await this.request('chat-message', { message });
  }

  async sendData(data: unknown): Promise<void> {
    await this.request('data-message', { data });
  }

  async signal(target: string, signal: unknown): Promise<void> {
    await this.request('webrtc-signal', { target, signal });
  }

  async leave(): Promise<void> {
    const { socket } = this.#held;
    const wasConnected = this.#state === 'connected';
    if (!this.#end(clientError('left'))) return;
    // Whatever the answer, the place is given up; a node that does not answer learns it from the close.
    const left = wasConnected ? socket.request('leave-room', {}) : Promise.resolve();
    await Promise.race([left.catch(() => undefined), this.#deps.runtime.sleep(LEAVE_MS)]);
    socket.close();
  }

  /** What the client calls when the room cannot go on. */
  #close(reason: NetplayError): void {
    if (this.#end(reason)) this.#held.socket.close();
  }

  /** False when the room was over already. */
  #end(reason: NetplayError): boolean {
    if (this.#state === 'closed') return false;
    const explained = this.#deps.explain?.(reason) ?? reason;
    this.#reason = explained;
    this.#setState('closed');
    this.#events.emit('closed', explained);
    this.#events.clear();
    this.#deps.onClosed(this);
    return true;
  }

  #hold(held: Held): void {
    this.#held = held;
    this.#ticket = held.seat.resume_token;
    this.#epoch = this.#deps.credential.epoch;
    void held.socket.closed.then((closed) => this.#lost(held, closed));
    const { room } = held.seat;
    this.#info = room;
    this.#users = room.users;
    this.#setState('connected');
    this.#events.emit('users-updated', { room_name: room.room_name, users: room.users });
  }

  #setState(state: RoomState): void {
    this.#state = state;
    this.#events.emit('state', state);
  }

  #connected(): NetplaySocket {
    if (this.#state === 'connected') return this.#held.socket;
    throw this.#reason ?? clientError('reconnecting');
  }

  #lost(held: Held, closed: Closed): void {
    if (held !== this.#held || this.#state !== 'connected') return;
    if (closed.code === SESSION_ENDED) this.#deps.credential.ended(this.#epoch);
    const reason = reasonOf(closed);
    if (closed.retry) void this.#reconnect(held.url, reason);
    else this.#close(reason);
  }

  /** Follows a room that moves, but only to where the own instance says that it is. */
  async #redirected({
    room_name: roomName,
    url,
    resume_token: ticket = this.#ticket,
  }: Events['room-redirect']): Promise<void> {
    if (roomName !== this.name) return;
    this.#ticket = ticket;
    try {
      const target = await this.#deps.nodes.announced(url, this.#options);
      if (this.#state !== 'connected') return;
      const { socket } = this.#held;
      const moved = this.#reconnect(target, clientError('connection_closed'));
      socket.close();
      await moved;
    } catch (error) {
      if (error instanceof NetplayError) this.#events.emit('error', error);
    }
  }

  async #reconnect(url: string, lost: NetplayError): Promise<void> {
    const place = { options: this.#options, url, resumeToken: this.#ticket, attach: this.#attach, lost };
    this.#setState('reconnecting');
    try {
      const held = await takeBack(this.#deps, place, () => this.#state === 'reconnecting');
      if (held) this.#hold(held);
    } catch (error) {
      this.#close(error instanceof NetplayError ? error : clientError('reconnect_failed'));
    }
  }
}

/** How long a node may take to say goodbye. */
const LEAVE_MS = 1_000;

function reasonOf(closed: Closed): NetplayError {
  const { code: closeCode, fault } = closed;
  if (closeCode === SESSION_ENDED) return clientError('session_ended', { closeCode });
  if (closeCode === TAKEN_OVER) return clientError('taken_over', { closeCode });
  return fault ?? connectionClosed(closed);
}
