/** How guests come: from pages of other instances, using nobody's cookies (P2.9, D8), and not unnoticed. */
import { afterEach, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { oldState, register, startHome } from './support/home-instance.js';
import { rawSocket, startNode } from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

async function visited() {
  const [theirs, state] = [disposers.use(await startHome({ path: '/netplay' })), oldState()];
  await register(state, theirs);
  const node = disposers.use(await startNode({}, { state }));
  const { origin } = new URL(theirs.issuer);
  return { theirs, state, node, origin };
}

it('lets in pages of an instance whose players may come, as long as they may', async () => {
  const { theirs, state, node, origin } = await visited();
  const outcome = async () => (await rawSocket(node.sfu, { headers: { origin } })).outcome;
  await eventually(async () => (await outcome()) === 'open');
  const page = await rawSocket(node.sfu, { headers: { origin } });
  expect(await page.call('hello', { token: await theirs.readToken({ sub: 'gus' }) })).toMatchObject({
    ok: true,
  });
  await register(state, theirs, { permissions: [] });
  await eventually(async () => (await outcome()) === 403);
  await register(state, theirs, { state: 'suspended' });
  await eventually(async () => (await outcome()) === 403);
  expect((await rawSocket(node.sfu, { headers: { origin: `${origin}.evil.example` } })).outcome).toBe(403);
  expect((await rawSocket(node.sfu, { headers: { origin: 'null' } })).outcome).toBe(403);
});

it('never lets such a page act by a cookie that somebody has here', async () => {
  const { node, origin } = await visited();
  const cookie = `romm_sfu_token=${await node.readToken({ sub: 'ada' })}`;
  const own = await rawSocket(node.sfu, { headers: { origin: node.sfu.url, cookie } });
  expect(await own.call('hello', {})).toMatchObject({ ok: true });
  await eventually(async () => (await rawSocket(node.sfu, { headers: { origin } })).outcome === 'open');
  const partner = await rawSocket(node.sfu, { headers: { origin, cookie } });
  expect(await partner.call('hello', {})).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
});

it('leaves a line in the log of each guest who comes into a room, by which they can be banned (P2.4)', async () => {
  const lines: string[] = [];
  const log = createLogger('sfu', 'warn', { write: (line) => void lines.push(line) });
  const [theirs, state] = [disposers.use(await startHome()), oldState()];
  await register(state, theirs);
  const node = disposers.use(await startNode({}, { state, log }));
  await (await node.connect('Ada')).open('den', { visibility: 'federated' });
  const guest = await theirs.connect(node, 'Gus', { sub: 'gus', netplayUsername: 'Gus' });
  const { room } = await guest.join('den');
  const playerId = room.users.find(({ client_id: id }) => id === guest.clientId)?.player_id;
  const audited = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ audit }) => audit);
  expect(audited).toEqual([
    expect.objectContaining({
      ...{ audit: 'guest.entered', iss: theirs.issuer, sub: 'gus', player_id: playerId },
      name: `Gus@${new URL(theirs.issuer).host}`,
    }),
  ]);
});
