import { randomUUID } from 'node:crypto';
import { createNetplayClient, type NetplayClient, type NetplayOptions } from '@romm-netplay/client';
import type { Disposers } from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { LIST_REFRESH_MINUTES, type Stretch } from './activity.js';
import type { Clock } from './clock.js';
import type { Cost } from './cost.js';
import type { SimulatedInstance } from './instance.js';
import type { KeyLedger } from './key-ledger.js';

/** From a player to the servers or back; a marker exists for about as long as both ways take. */
const ONE_WAY_MS = 50;
const MINUTE_MS = 60_000;
const HOSTED_ROOM = 'hosted';

/** Somebody else's room, for the players of all hours to join. */
export async function openHostedRoom(disposers: Disposers, { authUrl, sfuUrl }: SimulatedInstance) {
  const client = createNetplayClient({ authUrl, sfuUrl, WebSocket, identity: newPlayer() });
  disposers.use(client);
  await client.openRoom({ name: HOSTED_ROOM });
}

/** A new player spends an hour with the real client; only the clock and the network are made up. */
export async function spendHourNew(
  hour: readonly Stretch[],
  { authUrl, sfuUrl }: SimulatedInstance,
  clock: Clock,
  ledger: KeyLedger,
): Promise<Cost> {
  let requests = 0;
  const client = createNetplayClient({
    authUrl,
    sfuUrl,
    identity: newPlayer(),
    now: clock.now,
    WebSocket: distantSocket(clock),
    async fetch(input, init) {
      if (input instanceof Request) throw new TypeError('Count these, too.');
      if (input.toString().startsWith(authUrl)) requests += 1;
      clock.advance(ONE_WAY_MS);
      const response = await fetch(input, init);
      // Before the client gets hold of a token and uses it up.
      await ledger.settle();
      clock.advance(ONE_WAY_MS);
      return response;
    },
  });
  let endMs = clock.now();
  for (const { what, minutes } of hour) {
    endMs += minutes * MINUTE_MS;
    if (what === 'browse') await browse(client, clock, endMs);
    else {
      const room = await (what === 'join'
        ? client.joinRoom({ name: HOSTED_ROOM })
        : client.openRoom({ name: randomUUID() }));
      // Takes note of the used token while the clock still shows when that was.
      await ledger.settle();
      clock.advanceTo(endMs);
      await room.leave();
    }
  }
  await client.close();
  return { keys: await ledger.take(), requests };
}

async function browse(client: NetplayClient, clock: Clock, endMs: number): Promise<void> {
  for (let atMs = clock.now(); atMs < endMs; atMs += LIST_REFRESH_MINUTES * MINUTE_MS) {
    clock.advanceTo(atMs);
    const rooms = await client.rooms();
    if (rooms.every((room) => room.room_name !== HOSTED_ROOM)) throw new Error('The list lacks a room.');
  }
  clock.advanceTo(endMs);
}

/** What the development identity provider takes for a signed-in player. */
function newPlayer(): () => string {
  const authorization = `Bearer ${randomUUID()}`;
  return () => authorization;
}

function distantSocket(clock: Clock): NonNullable<NetplayOptions['WebSocket']> {
  return class extends WebSocket {
    override send(data: string | Uint8Array): void {
      clock.advance(ONE_WAY_MS);
      super.send(data);
    }
  };
}
