import { setTimeout as delay } from 'node:timers/promises';
import type { NetplayRoom } from '@romm-netplay/client';
import type { FederatedClient, FederatedRooms } from '@romm-netplay/client/federation';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { createCloseStack } from '@romm-netplay/service-kit';
import { exchangeInput } from '../input-exchange.js';
import { refused } from '../refused.js';
import type { Transcript } from '../transcript.js';
import { befriend, callAdmin, changeIssuer } from './administrator.js';
import { type DemoInstance, startInstance } from './instances.js';

const ROOM = 'friday-night';
const FRAMES = 600;

interface Story {
  readonly a: DemoInstance;
  readonly b: DemoInstance;
  readonly c: DemoInstance;
  readonly transcript: Transcript;
}

/**
 * A player of A plays in a room of B, C looks on, and B puts an end to it (P2.4 to P2.9).
 * `redisUrl`: its databases 0 to 2 are used, one for each instance.
 */
export async function playFederation(transcript: Transcript, redisUrl: string | undefined): Promise<void> {
  const closing = createCloseStack();
  try {
    const instances: DemoInstance[] = [];
    for (const [index, name] of ['A', 'B', 'C'].entries()) {
      const ownRedis = redisUrl && `${redisUrl.replace(/\/\d*$/, '')}/${index}`;
      const instance = await startInstance(name, ownRedis);
      closing.defer(() => instance.close());
      instances.push(instance);
    }
    const [a, b, c] = instances as [DemoInstance, DemoInstance, DemoInstance];
    const story = { a, b, c, transcript };
    introduce(story, redisUrl !== undefined);
    await agree(story);
    const host = await b.player().openRoom({ name: ROOM, visibility: 'federated' });
    const alice = a.player();
    await look(story, alice);
    const visit = await join(story, alice, host);
    await exchange(story, visit, host);
    await replay(story, alice);
    await suspend(story, alice, visit, host);
  } finally {
    await closing.close();
  }
}

function introduce({ a, b, c, transcript }: Story, overRedis: boolean): void {
  const state = overRedis
    ? 'a Redis database'
    : 'state in memory (with --redis <url>: a Redis database each)';
  transcript.heading(`Three instances, each with keys, a SQL database and ${state} of its own`);
  for (const { name, issuer, kids } of [a, b, c])
    transcript.say(`${name} is ${issuer}, key ${kids[0] ?? ''}`);
  const kids = [a, b, c].flatMap((instance) => instance.kids);
  transcript.claim('no two have a key in common', new Set(kids).size === kids.length);
}

async function agree({ a, b, c, transcript }: Story): Promise<void> {
  transcript.heading('Administrators agree: B with A to list and join, B with C to list only');
  await befriend(b, a, { inviterGrants: ['rooms:list', 'rooms:join'], invitedGrants: ['rooms:list'] });
  await befriend(b, c, { inviterGrants: ['rooms:list'], invitedGrants: ['rooms:list'] });
  const { body } = await callAdmin(c, 'listIssuers');
  const known = body.issuers.map(({ issuer }) => issuer);
  transcript.claim('C knows B, and not A: trust is not handed on', known.join() === b.issuer);
}

async function look({ b, c, transcript }: Story, alice: FederatedClient): Promise<void> {
  transcript.heading(`A player of B has opened "${ROOM}"; who sees it?`);
  const [atA, atC] = [await seen(alice, b), await seen(c.player(), b)];
  transcript.claim(
    'A lists it; Alice has not agreed yet to be known to B',
    atA?.obstacle === 'consent_required',
  );
  transcript.claim('C lists it; its players may look and not join', atC?.obstacle === 'not_permitted');
}

/** The room as a player finds it; instances ask each other every few seconds. */
async function seen(player: FederatedClient, host: DemoInstance) {
  const find = ({ foreignRooms: rooms }: FederatedRooms) =>
    rooms.find((room) => room.instance === host.issuer && room.room_name === ROOM);
  for (let tries = 0; tries < 100; tries += 1) {
    const room = find(await player.federatedRooms());
    if (room !== undefined) return room;
    await delay(200);
  }
  return undefined;
}

async function join({ a, b, transcript }: Story, alice: FederatedClient, host: NetplayRoom) {
  transcript.heading('Alice of A joins the room of B');
  const enter = () => alice.joinRoom({ name: ROOM, instance: b.issuer });
  await refused(transcript, 'before she has agreed', 'consent_required', enter);
  await alice.giveConsent(b.issuer);
  const visit = await enter();
  transcript.claim(`after it she sits in slot ${visit.slot}`, visit.slot === 1);
  const guest = await until(() => host.users[1]);
  const suffix = `@${new URL(a.issuer).host}`;
  transcript.claim(`B shows her as ${guest?.name}`, guest?.name.endsWith(suffix) === true);
  return visit;
}

async function exchange({ transcript }: Story, visit: NetplayRoom, host: NetplayRoom): Promise<void> {
  transcript.heading(`${FRAMES} input frames across the two instances`);
  const { received, wrong, p50Ms, p99Ms } = await exchangeInput(visit, 1, host, FRAMES);
  transcript.claim(
    `${received} of ${FRAMES} arrived, ${wrong} with a wrong byte`,
    received === FRAMES && wrong === 0,
  );
  transcript.say(`latency p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`);
}

/** What B got to see of Alice is of no use to it anywhere else. */
async function replay({ a, b, c, transcript }: Story, alice: FederatedClient): Promise<void> {
  transcript.heading('What must not work');
  const ownToken = await alice.token();
  for (const instance of [b, c]) {
    const { path } = SFU_API.listRooms;
    const response = await fetch(`${instance.sfuUrl}${path}`, {
      headers: { authorization: `Bearer ${ownToken}` },
    });
    const { code } = (await response.json()) as { code?: string };
    transcript.claim(`a token for A shown at ${instance.name} -> refused: ${code}`, response.status === 401);
  }
  await refused(
    transcript,
    'a token of A for C, with whom A has no agreement',
    'audience_not_registered',
    () => alice.joinRoom({ name: ROOM, instance: c.issuer }),
  );
  const { body } = await callAdmin(a, 'listIssuers');
  transcript.claim('A has registered B alone', body.issuers.length === 1);
}

async function suspend(
  { a, b, transcript }: Story,
  alice: FederatedClient,
  visit: NetplayRoom,
  host: NetplayRoom,
) {
  transcript.heading('B suspends A in the middle of the game');
  const startedAt = performance.now();
  await changeIssuer(b, a.issuer, { state: 'suspended' });
  await until(() => (visit.state === 'closed' && host.users.length === 1 ? true : undefined));
  const took = Math.round(performance.now() - startedAt);
  transcript.claim(`Alice is out after ${took} ms: ${visit.reason?.message ?? ''}`, visit.state === 'closed');
  transcript.claim('the room of B goes on', host.state === 'connected' && host.users.length === 1);
  await refused(transcript, 'joining again', 'not_admitted', () =>
    alice.joinRoom({ name: ROOM, instance: b.issuer }),
  );
}

/** The first answer that is not undefined, within ten seconds. */
async function until<T>(look: () => T | undefined): Promise<T | undefined> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const found = look();
    if (found !== undefined) return found;
    await delay(10);
  }
  return undefined;
}
