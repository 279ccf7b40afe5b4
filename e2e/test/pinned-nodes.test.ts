/** Two nodes at one address, behind the proxies of Debian: each player stays with one node (N5). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose } from '@romm-netplay/doctor';
import {
  createDisposers,
  freePort,
  type ProxyServer,
  ROMM_RELEASES,
  startNginx,
} from '@romm-netplay/testing';
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { startShippedCaddy, startShippedNginx } from './support/proxies.js';
import { type RommInstance, startRommInstance } from './support/romm-instance.js';

const disposers = createDisposers();
let instance: RommInstance;
let site: string;
let port: number;
beforeAll(async () => {
  port = await freePort();
  site = `http://127.0.0.1:${port}`;
  const release = ROMM_RELEASES.find(({ name }) => name === '5.2')!;
  instance = disposers.use(
    await startRommInstance({ release, nodes: 2, site, sfuEnv: { TRUSTED_PROXIES: 'loopback' } }),
  );
});
afterAll(() => disposers.closeAll());

const hostOf = (url: string) => new URL(url).host;
const behind = () => ({
  auth: hostOf(instance.authUrl),
  sfu: instance.sfuUrls.map(hostOf),
  romm: hostOf(instance.romm.url),
});

/** As RomM's page connects; answers which node took it, once a room is open. */
async function play(url: string, transports: string[] | undefined): Promise<string> {
  const { cookie } = instance.signIn(`player-${randomUUID().slice(0, 8)}`);
  const socket = io(url, {
    path: '/netplay/socket.io',
    forceNew: true,
    reconnection: false,
    extraHeaders: { cookie, origin: site },
    ...(transports !== undefined && { transports }),
  });
  try {
    await new Promise<void>((resolve, reject) =>
      socket.once('connect', resolve).once('connect_error', reject),
    );
    const extra = {
      domain: 'romm',
      game_id: 1,
      room_name: 'friday',
      userid: randomUUID(),
      sessionid: randomUUID(),
    };
    const refused = await new Promise((resolve) =>
      socket.emit('open-room', { extra, maxPlayers: 2 }, resolve),
    );
    if (refused !== null) throw new Error(JSON.stringify(refused));
    const rooms = await instance.state.rooms.list();
    return rooms.find(({ sessionid }) => sessionid === extra.sessionid)?.nodeId ?? 'no node';
  } finally {
    socket.disconnect();
  }
}

describe.each([
  { name: 'nginx', start: startShippedNginx, nodes: ['node-0', 'node-1'] },
  // By address, and these players share one.
  { name: 'Caddy', start: startShippedCaddy, nodes: [expect.any(String)] },
])('the shipped configuration for $name', ({ start, nodes }) => {
  let proxy: ProxyServer;
  beforeAll(async () => {
    proxy = await start(behind());
  });
  afterAll(() => proxy.close());

  it.each([
    { by: 'polling', transports: ['polling'] },
    { by: 'websocket', transports: ['websocket'] },
    { by: 'both', transports: undefined },
  ])('lets ten of ten connect by $by', async ({ transports }) => {
    const players = Array.from({ length: 10 }, () => play(proxy.url, transports));
    const used = await Promise.all(players);
    expect([...new Set(used)].sort()).toEqual(nodes);
  });
});

describe('the doctor', () => {
  const look = async () => {
    const findings = await diagnose({ authUrl: site, sfuUrl: site, timeoutMs: 5_000 });
    return findings.find(({ check }) => check === 'pins');
  };

  it('finds nothing where players are kept with one node', async () => {
    const proxy = await startShippedNginx({ ...behind(), port });
    expect(await look()).toMatchObject({ status: 'ok' });
    await proxy.close();
  });

  it('says so where they are not, which the first players notice', async () => {
    const servers = instance.sfuUrls.map((url) => `server ${hostOf(url)};`).join(' ');
    const proxy = await startNginx({
      port,
      http: `upstream nodes { ${servers} }`,
      server: `
        location /netplay/ { proxy_pass http://nodes; proxy_set_header Host $http_host; }
        location /netplay/.well-known/ { proxy_pass http://${hostOf(instance.authUrl)}; }
        location / { proxy_pass http://${hostOf(instance.romm.url)}; }`,
    });
    expect(await look()).toMatchObject({
      status: 'fault',
      fix: expect.stringContaining('romm-netplay-nodes.conf'),
    });
    await expect(
      Promise.all(Array.from({ length: 10 }, () => play(proxy.url, ['polling']))),
    ).rejects.toThrow();
    await proxy.close();
  });
});
