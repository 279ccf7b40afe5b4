/** Pages of other instances open sockets here, and use nobody's cookies (P2.9, D8). */
import { afterEach, expect, it } from '@jest/globals';
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
