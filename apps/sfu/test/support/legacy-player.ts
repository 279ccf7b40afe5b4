import { randomUUID } from 'node:crypto';
import type { Subject } from '@romm-netplay/token-core';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { TestNode } from './node.js';

export interface LegacyPlayer {
  readonly subject: Subject;
  readonly socket: Socket;
  /** Everything that came, in order. */
  readonly events: readonly (readonly [name: string, ...args: unknown[]])[];
  /** Emits an event and answers what its acknowledgement was called with. */
  call(event: string, ...args: unknown[]): Promise<unknown[]>;
  /** The same, with a fresh write token in `extra`. */
  enter(event: 'open-room' | 'join-room', extra: object, more?: object): Promise<unknown[]>;
  /** The arguments of the first event of this name that fits, past or future. */
  heard(name: string, fits?: (...args: never[]) => boolean): Promise<unknown[]>;
  /** Forgets what came. */
  clear(): void;
  close(): void;
}

type Options = Partial<ManagerOptions & SocketOptions>;

/** A socket.io client that has not connected yet. */
export const legacySocket = (node: TestNode, options: Options = {}): Socket =>
  io(node.sfu.url, { reconnection: false, forceNew: true, transports: ['websocket'], ...options });

/** Resolves with null, or with what the client is told of the refusal. */
export const outcomeOf = (socket: Socket): Promise<Error | null> =>
  new Promise((resolve) => {
    socket.once('connect', () => resolve(null));
    socket.once('connect_error', (error) => resolve(error));
  });

/** A player on an existing Socket.IO client. */
export async function connectLegacy(
  node: TestNode,
  name: string,
  {
    subject = { sub: randomUUID(), netplayUsername: name },
    token,
    ...options
  }: Options & { subject?: Subject; token?: string } = {},
): Promise<LegacyPlayer> {
  const auth = { token: token ?? (await node.readToken(subject)) };
  const socket = legacySocket(node, { auth, ...options });
  const events: [string, ...unknown[]][] = [];
  const waiting = new Set<() => void>();
  socket.onAny((event: string, ...args: unknown[]) => {
    events.push([event, ...args]);
    for (const look of [...waiting]) look();
  });
  const refusal = await outcomeOf(socket);
  if (refusal !== null) throw refusal;
  const call = (event: string, ...args: unknown[]) =>
    new Promise<unknown[]>((resolve, reject) => {
      if (!socket.connected) reject(new Error('disconnected'));
      socket.emit(event, ...args, (...answer: unknown[]) => resolve(answer));
      socket.once('disconnect', () => reject(new Error('disconnected')));
    });

  return {
    subject,
    socket,
    events,
    call,
    enter: async (event, extra, more = {}) =>
      call(event, { extra: { ...extra, token: await node.writeToken(subject) }, ...more }),
    heard: (wanted, fits = () => true) =>
      new Promise((resolve) => {
        const look = () => {
          const found = events.find(([event, ...args]) => event === wanted && fits(...(args as never[])));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found.slice(1));
        };
        waiting.add(look);
        look();
      }),
    clear: () => void events.splice(0),
    close: () => void socket.disconnect(),
  };
}

/** What stock EmulatorJS says of itself. */
export const stockExtra = (roomName: string, sessionid: string, userid: string = randomUUID()) => ({
  domain: 'games.example.org',
  game_id: 7,
  room_name: roomName,
  player_name: 'not believed',
  userid,
  sessionid,
});

/** What a client of romm-sfu-server says of itself. */
export const sfuExtra = (roomName: string, more: object = {}) => ({
  ...stockExtra(roomName, randomUUID()),
  player_slot: 0,
  netplay_mode: 0,
  is_host: true,
  ...more,
});
