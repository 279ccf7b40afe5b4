import type { Events } from '@romm-netplay/protocol';
import { CLOSE_CODES, type CloseName, decodeFrame } from '@romm-netplay/protocol/wire';
import type { Socket } from 'socket.io';
import type { Outbox } from '../ports.js';
import type { EventMessage } from '../players/event-message.js';
import { type Backlog, watchBacklog } from './backlog.js';
import type { Dialect } from './dialect.js';
import { translateEvent, usersAfter, type View } from './translate-event.js';

/** The event of each channel of binary frames. */
const CHANNEL_EVENTS = ['input', 'snapshot', 'data-message'] as const;

export interface SocketIoOutboxOptions {
  readonly aliasOf: View['aliasOf'];
  readonly now: () => number;
  readonly maxSendBufferBytes: number;
  /** Told when this side ends the connection; not within the call that ends it. */
  readonly onClose: () => void;
}

/** Turns the events and frames of netplay.v1 into those of a client's dialect. */
export class SocketIoOutbox implements Outbox {
  dialect: Dialect;
  /** Where the client was sent last. */
  lastRedirect: Events['room-redirect'] | undefined;
  readonly #socket: Socket;
  readonly #options: SocketIoOutboxOptions;
  readonly #backlog: Backlog;
  #users: View['users'] = [];
  #closed = false;

  constructor(socket: Socket, dialect: Dialect, options: SocketIoOutboxOptions) {
    this.#socket = socket;
    this.dialect = dialect;
    this.#options = options;
    this.#backlog = watchBacklog(socket.conn);
  }

  get returns(): boolean {
    return this.dialect.returns;
  }

  sendEvent(event: EventMessage): void {
    const view = { ...this.#options, users: this.#users };
    const emissions = translateEvent(this.dialect.events, event, view);
    this.#users = usersAfter(event, this.#users);
    if (event.type === 'room-redirect') this.lastRedirect = (event as EventMessage<'room-redirect'>).data;
    for (const [name, ...args] of emissions) this.emit(name, ...args);
    // Stock clients know no other way to learn that they are out: their page would show the last picture for ever.
    if (!this.dialect.returns && isFarewell(event.type)) this.close(event.type);
  }

  sendBinary(frame: Uint8Array): void {
    const received = decodeFrame(frame);
    const name = CHANNEL_EVENTS[received?.channel ?? -1];
    if (received === undefined || name === undefined) return;
    const { payload, slot } = received;
    this.emit(name, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), { slot });
  }

  /** Sends what is no event of netplay.v1. Like the rest, it never throws; a closed connection drops. */
  emit(name: string, ...args: unknown[]): void {
    if (this.#closed || !this.#socket.connected) return;
    if (this.#backlog.bytes > this.#options.maxSendBufferBytes) {
      this.close('slowReader');
      return;
    }
    this.#socket.emit(name, ...args);
  }

  /** Forgets who was in the room, so that the next one is told of as new. */
  left(): void {
    this.#users = [];
  }

  close(name: CloseName | Farewell): void {
    if (this.#closed) return;
    const { code, reason, retry } = isFarewell(name) ? FAREWELLS[name] : CLOSE_CODES[name];
    if (this.#socket.connected) this.#socket.emit('netplay-closed', { name, code, reason, retry });
    this.#closed = true;
    // What waits for a peer that reads nothing is thrown away.
    if (name === 'slowReader') this.#socket.conn.close(true);
    else this.#socket.disconnect(true);
    queueMicrotask(this.#options.onClose);
  }
}

/** Events that end the connection of a client who would not understand them. */
const FAREWELLS = {
  kicked: { code: 4403, reason: 'The owner put you out of the room.', retry: false },
  'room-closed': { code: 4410, reason: 'The host has left; the room is over.', retry: false },
} as const;
type Farewell = keyof typeof FAREWELLS;

const isFarewell = (name: string): name is Farewell => Object.hasOwn(FAREWELLS, name);
