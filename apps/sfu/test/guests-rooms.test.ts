/** Which rooms guests find: P2.8 (visibility), P2.9 (redirects). */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { SharedState } from '@romm-netplay/shared-state';
import { createDisposers, eventually } from '@romm-netplay/testing';
import type { Subject } from '@romm-netplay/token-core';
import { type HomeInstance, oldState, register, startHome, type Terms } from './support/home-instance.js';
import { connectLegacy, sfuExtra } from './support/legacy-player.js';
import { codeOf, nextEvent, startNode, type TestNode, type TestPlayer } from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const home = async (): Promise<HomeInstance> => disposers.use(await startHome());
const nodeOver = async (
  state: SharedState,
  config: Parameters<typeof startNode>[0] = {},
): Promise<TestNode> => disposers.use(await startNode(config, { state }));

/** A node and an instance that it knows. */
async function visited(terms: Terms = {}) {
  const [theirs, state] = [await home(), oldState()];
  await register(state, theirs, terms);
  return { theirs, state, node: await nodeOver(state) };
}

const GUS: Subject = { sub: 'gus', netplayUsername: 'Gus' };

describe('which rooms guests find (P2.8)', () => {
  interface Viewer {
    readonly who: string;
    connect(node: TestNode): Promise<TestPlayer>;
    readToken(): Promise<string>;
  }

  it('only those that are open to their instance; every other is answered like one that does not exist', async () => {
    const [a, b, state] = [await home(), await home(), oldState()];
    for (const each of [a, b]) await register(state, each);
    const here = await nodeOver(state, { nodeId: 'node-a' });
    const there = await nodeOver(state, { nodeId: 'node-b' });
    await eventually(async () => (await state.nodes.list()).length === 2);
    const rooms: Record<string, { options: object; seenBy: readonly string[] }> = {
      secret: { options: { visibility: 'private' }, seenBy: [] },
      ours: { options: { visibility: 'local' }, seenBy: ['own'] },
      open: { options: { visibility: 'federated' }, seenBy: ['own', 'a', 'b'] },
      ours2: { options: { visibility: 'local', admits: [a.issuer] }, seenBy: ['own'] },
      picky: { options: { visibility: 'federated', admits: [`${a.issuer}/`] }, seenBy: ['own', 'a'] },
    };
    for (const [name, { options }] of Object.entries(rooms)) await (await here.connect()).open(name, options);
    const own: Viewer = {
      ...{ who: 'own', connect: (node) => node.connect('Own') },
      readToken: () => here.readToken({ sub: 'own' }),
    };
    const of = (who: string, { connect, readToken }: HomeInstance): Viewer => ({
      ...{ who, connect: (node) => connect(node) },
      readToken: () => readToken(GUS),
    });

    for (const viewer of [own, of('a', a), of('b', b)]) {
      const finds = (name: string) => viewer.who === 'own' || rooms[name]!.seenBy.includes(viewer.who);
      const headers = { authorization: `Bearer ${await viewer.readToken()}` };
      const listed = Object.keys(rooms).filter((name) => rooms[name]!.seenBy.includes(viewer.who));
      const overHttp = (await (await fetch(`${there.sfu.url}/list`, { headers })).json()) as Record<
        string,
        object
      >;
      expect(Object.keys(overHttp).sort()).toEqual([...listed].sort());
      const { rooms: overWs } = await (await viewer.connect(there)).socket.request('list-rooms', {});
      expect(overWs.map(({ room_name: name }) => name).sort()).toEqual([...listed].sort());
      // Which other instances a room admits is none of a guest's business; nor who of them is there, anybody's.
      expect('admits' in (overHttp['picky'] ?? {})).toBe(viewer.who === 'own');
      expect(JSON.stringify([overHttp, overWs])).not.toContain('guest_players');

      for (const name of Object.keys(rooms)) {
        const label = `${viewer.who} ${name}`;
        const resolved = await fetch(`${there.sfu.url}/resolve?room=${name}`, { headers });
        expect([label, resolved.status]).toEqual([label, finds(name) ? 200 : 404]);
        const far = await viewer.connect(there);
        const redirects: unknown[] = [];
        far.socket.on('room-redirect', (event) => void redirects.push(event));
        const join = await codeOf(far.join(name));
        const resume = await codeOf(far.resume(name, 'x'));
        const near = await viewer.connect(here);
        const found = [
          join,
          resume,
          redirects.length,
          await codeOf(near.resume(name, 'x')),
          await codeOf(near.join(name)),
        ];
        const hidden = ['room_not_found', 'resume_refused', 0, 'resume_refused', 'room_not_found'];
        const visible = ['room_elsewhere', 'room_elsewhere', 2, 'resume_refused', 'accepted'];
        expect([label, ...found]).toEqual([label, ...(finds(name) ? visible : hidden)]);
      }
    }
    // A name is taken for everybody: that much a guest learns who may open rooms.
    expect(await codeOf((await a.connect(there)).open('secret'))).toBe('room_exists');
  }, 60_000);

  it('tells a guest the same of a hidden room and of none, by Socket.IO as well', async () => {
    const { node, theirs } = await visited({ permissions: ['rooms:list', 'rooms:join'] });
    const own = await connectLegacy(node, 'Own');
    await own.enter('open-room', { ...sfuExtra('ours'), sessionid: 'session-1' });
    const guest = await connectLegacy(node, 'Gus', { token: await theirs.readToken(GUS) });
    const ask = async (event: string, extra: object, more: object = {}) =>
      guest.call(event, { extra: { ...extra, token: await theirs.writeToken(GUS) }, ...more });
    for (const event of ['join-room', 'open-room']) {
      expect(await ask(event, sfuExtra('ours'))).toEqual(await ask(event, sfuExtra('none')));
      const stock = (roomName: string, sessionid: string) => ({
        room_name: roomName,
        sessionid,
        userid: 'x',
      });
      expect(await ask(event, stock('ours', 'session-1'))).toEqual(
        await ask(event, stock('none', 'session-2')),
      );
    }
    for (const event of ['request-room-state', 'leave-room', 'player-ready']) {
      const [ours, none] = [
        await guest.call(event, { roomName: 'ours' }),
        await guest.call(event, { roomName: 'none' }),
      ];
      expect(ours).toEqual(none);
    }
  });

  it('lets who is inside stay and come back when a room is open to their instance no more', async () => {
    const [theirs, state] = [await home(), oldState()];
    await register(state, theirs);
    const [here, there] = [
      await nodeOver(state, { nodeId: 'node-a' }),
      await nodeOver(state, { nodeId: 'node-b' }),
    ];
    await eventually(async () => (await state.nodes.list()).length === 2);
    const own = await here.connect('Own');
    await own.open('den', { visibility: 'federated' });
    const gus = await theirs.connect(here, 'Gus', GUS);
    const { resume_token: ticket } = await gus.join('den');
    const told = nextEvent(gus, 'room-updated');
    await own.socket.request('update-room', { visibility: 'local' });
    expect(await told).toMatchObject({ visibility: 'local', admits: null });
    expect(await codeOf((await theirs.connect(here)).join('den'))).toBe('room_not_found');
    await eventually(async () => (await state.rooms.findByName('den'))[0]?.['visibility'] === 'local');
    const far = await theirs.connect(there, 'Gus', GUS);
    expect(await codeOf(far.resume('den', ticket))).toBe('room_elsewhere');
    expect(await codeOf((await theirs.connect(there)).resume('den', ticket))).toBe('resume_refused');
    expect((await (await theirs.connect(here, 'Gus', GUS)).resume('den', ticket)).slot).toBe(1);
  });

  it.each([
    [{ visibility: 'public' }],
    [{ visibility: 'federated', admits: [] }],
    [{ visibility: 'federated', admits: ['not a url'] }],
    [{ visibility: 'federated', admits: Array.from({ length: 51 }, (_, i) => `https://${i}.example`) }],
  ])('refuses %j', async (options) => {
    const node = await nodeOver(oldState());
    expect(await codeOf((await node.connect()).open('den', options))).toBe('invalid_request');
  });

  it('changes whom a room admits, and back to every trusted instance', async () => {
    const { node, theirs } = await visited();
    const own = await node.connect('Own');
    const { room } = await own.open('den', { visibility: 'federated', admits: ['https://other.example'] });
    expect(room.admits).toEqual(['https://other.example']);
    expect(await codeOf((await theirs.connect(node)).join('den'))).toBe('room_not_found');
    await own.socket.request('update-room', { admits: null });
    expect(await codeOf((await theirs.connect(node)).join('den'))).toBe('accepted');
  });
});
