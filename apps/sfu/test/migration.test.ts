import { afterEach, describe, expect, it } from '@jest/globals';
import { createMemoryState } from '@romm-netplay/shared-state';
import { createLogger } from '@romm-netplay/service-kit';
import { freePort } from '@romm-netplay/testing';
import jwt from 'jsonwebtoken';
import { codeOf, rawSocket, startNode, type TestNode } from './support/node.js';

const SECRET = 'the-secret-that-romm-signs-with';
const OFF = { hs256Secret: undefined, sfuType: false, oldMarkers: false, readTokenJoins: false };

let node: TestNode;
afterEach(() => node.close());

const older = (type: string, jti?: string) =>
  jwt.sign({ iss: 'romm:sfu', sub: 'ada', type, ...(jti && { jti }) }, SECRET, {
    algorithm: 'HS256',
    expiresIn: 30,
  });

describe('the way out of the shared secret (P1.5, P1.12)', () => {
  it('is closed by default', async () => {
    node = await startNode();
    const { call } = await rawSocket(node.sfu);
    expect(await call('hello', { token: older('sfu:read') })).toMatchObject({
      error: { code: 'token_kid_missing' },
    });
    const ada = await node.connect('Ada');
    const token = await node.readToken(ada.subject);
    expect(await codeOf(ada.socket.request('open-room', { room_name: 'x', token }))).toBe('token_type');
  });

  it('lets older tokens play, once each, as players of their own issuer, and counts and logs them', async () => {
    const [metricsPort, lines] = [await freePort(), [] as string[]];
    const log = createLogger('sfu', 'warn', { write: (line) => void lines.push(line) });
    const accept = { ...OFF, hs256Secret: SECRET, sfuType: true };
    node = await startNode({ accept, metricsPort }, { log });
    const { call } = await rawSocket(node.sfu);
    const hello = await call('hello', { token: older('sfu:read') });
    const modern = await node.connect('Ada', { sub: 'ada' });
    expect((hello['data'] as { player_id: string }).player_id).not.toBe(modern.socket.hello.player_id);
    const jti = await node.state.jtis.issue(30_000);
    const open = () => call('open-room', { room_name: 'old', token: older('sfu', jti) });
    expect(await open()).toMatchObject({ ok: true });
    await call('leave-room');
    expect(await open()).toMatchObject({ error: { code: 'token_used' } });

    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toContain('netplay_migration_uses_total{feature="hs256",service="sfu"} 3');
    expect(metrics).toContain('netplay_migration_uses_total{feature="sfu-type",service="sfu"} 2');
    expect(metrics).toContain('netplay_migration_uses_total{feature="read-token-join",service="sfu"} 0');
    const audited = lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ audit }) => audit);
    expect(audited).toContainEqual(
      expect.objectContaining({ audit: 'migration.used', feature: 'hs256', iss: 'romm:sfu', sub: 'ada' }),
    );
    expect(lines.join()).not.toContain('eyJ');
  });

  it('lets today’s player page open and join with a read token, again and again', async () => {
    node = await startNode({ accept: { ...OFF, readTokenJoins: true } }, { state: createMemoryState() });
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    const token = await node.readToken(ada.subject);
    for (let i = 0; i < 2; i += 1) {
      await ada.socket.request('open-room', { room_name: 'page', token });
      await ada.socket.request('leave-room', {});
    }
    expect(await codeOf(bob.socket.request('open-room', { room_name: 'page', token }))).toBe(
      'token_not_yours',
    );
  });
});
