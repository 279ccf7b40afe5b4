import { randomUUID } from 'node:crypto';
import { connectNetplay, type NetplaySocket } from '@romm-netplay/client';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { WebSocket } from 'ws';
import { forge, mint } from './auth-calls.js';
import { exchangeInput } from './input-exchange.js';
import { refused } from './refused.js';
import type { Transcript } from './transcript.js';

const FRAMES = 600;
/** Another one each time: a room of that name may be open where others play. */
const ROOM = `demo-${randomUUID().slice(0, 8)}`;

interface Stage {
  readonly authUrl: string;
  readonly sfuUrl: string;
  readonly transcript: Transcript;
}

/** Plays the whole story against a running instance; the transcript tells whether all of it was true. */
export async function play(stage: Stage): Promise<void> {
  const { transcript } = stage;
  const players: Player[] = [];
  const enter = async (name: string) => {
    const player = await signIn(stage, name);
    players.push(player);
    return player;
  };
  try {
    const [alice, bob, outsider] = [await enter('Alice'), await enter('Bob'), await enter('Mallory')];
    await listRooms(stage, alice);
    const usedToken = await openAndJoin(stage, alice, bob);
    await exchange(transcript, alice.socket, 0, bob.socket, 'Alice', 'Bob');
    await exchange(transcript, bob.socket, 1, alice.socket, 'Bob', 'Alice');
    await attack(stage, outsider, alice, usedToken);
  } finally {
    await Promise.all(players.map(leave));
  }
}

interface Player {
  readonly id: string;
  readonly readToken: string;
  readonly socket: NetplaySocket;
}

async function signIn({ authUrl, sfuUrl, transcript }: Stage, name: string): Promise<Player> {
  const id = randomUUID();
  const readToken = await mint(authUrl, id, 'read');
  const socket = await connectNetplay({
    sfuUrl,
    token: readToken,
    WebSocket: WebSocket,
  });
  transcript.say(`${name} got a read token and connected as ${socket.hello.name}.`);
  return { id, readToken, socket };
}

/** Leaves and closes: the place of a player who is merely gone would be kept for a while, and the room with it. */
async function leave({ socket }: Player): Promise<void> {
  await socket.request('leave-room', {}).catch(() => undefined);
  socket.close();
}

async function listRooms({ sfuUrl, transcript }: Stage, { readToken }: Player): Promise<void> {
  transcript.heading('Listing takes a read token');
  const headers = { authorization: `Bearer ${readToken}` };
  const listed = await fetch(`${sfuUrl}${SFU_API.listRooms.path}`, { headers });
  transcript.claim(`GET /list with the read token answers ${listed.status}`, listed.status === 200);
  const anonymous = await fetch(`${sfuUrl}${SFU_API.listRooms.path}`);
  transcript.claim(`without a token it answers ${anonymous.status}`, anonymous.status === 401);
}

/** Answers the write token that Alice used. */
async function openAndJoin({ authUrl, transcript }: Stage, alice: Player, bob: Player): Promise<string> {
  transcript.heading('Opening and joining take a write token each');
  const aliceToken = await mint(authUrl, alice.id, 'write');
  const opened = await alice.socket.request('open-room', {
    room_name: ROOM,
    max_players: 2,
    token: aliceToken,
  });
  transcript.claim(`Alice opened "${ROOM}" and sits in slot ${opened.slot}`, opened.slot === 0);
  const bobToken = await mint(authUrl, bob.id, 'write');
  const joined = await bob.socket.request('join-room', { room_name: ROOM, token: bobToken });
  transcript.claim(`Bob joined and sits in slot ${joined.slot}`, joined.slot === 1);
  const { rooms } = await bob.socket.request('list-rooms', {});
  const entry = rooms.find(({ room_name: name }) => name === ROOM);
  transcript.claim(`the list shows it with ${entry?.current}/${entry?.max} players`, entry?.current === 2);
  return aliceToken;
}

async function exchange(
  transcript: Transcript,
  sender: NetplaySocket,
  slot: number,
  receiver: NetplaySocket,
  from: string,
  to: string,
): Promise<void> {
  transcript.heading(`${FRAMES} input frames from ${from} to ${to}`);
  const { received, wrong, p50Ms, p99Ms } = await exchangeInput(sender, slot, receiver, FRAMES);
  transcript.claim(
    `${received} of ${FRAMES} arrived, ${wrong} with a wrong byte`,
    received === FRAMES && wrong === 0,
  );
  transcript.say(`latency p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`);
}

async function attack(stage: Stage, mallory: Player, alice: Player, usedToken: string): Promise<void> {
  const { authUrl, sfuUrl, transcript } = stage;
  transcript.heading('What must not work');
  await refused(transcript, 'an outsider signalling into the room', 'not_in_room', () =>
    mallory.socket.request('webrtc-signal', { target: alice.socket.hello.client_id, signal: { offer: 'x' } }),
  );
  await alice.socket.request('leave-room', {});
  await refused(transcript, 'the used write token again', 'token_used', () =>
    alice.socket.request('open-room', { room_name: 'again', token: usedToken }),
  );
  await refused(transcript, 'a read token for opening', 'token_type', () =>
    mallory.socket.request('open-room', { room_name: 'cheap', token: mallory.readToken }),
  );
  const writeToken = await mint(authUrl, mallory.id, 'write');
  await refused(transcript, 'a forged write token', 'token_signature', () =>
    mallory.socket.request('open-room', { room_name: 'forged', token: forge(writeToken) }),
  );
  await refused(transcript, 'a forged read token at hello', 'token_signature', () =>
    connectNetplay({
      sfuUrl,
      token: forge(mallory.readToken),
      WebSocket: WebSocket,
    }),
  );
}
