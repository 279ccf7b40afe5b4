/** The doctor looks at the way that players of RomM take: X1, N1 to N3. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose, type Finding } from '@romm-netplay/doctor';
import {
  createDisposers,
  freePort,
  type ProxyServer,
  ROMM_RELEASES,
  startNginx,
} from '@romm-netplay/testing';
import { startShippedCaddy, startShippedNginx } from './support/proxies.js';
import { type RommInstance, type RommInstanceOptions, startRommInstance } from './support/romm-instance.js';

const hostOf = (url: string) => new URL(url).host;
const NEWEST = ROMM_RELEASES.find(({ name }) => name === '5.2')!;

const disposers = createDisposers();
let instance: RommInstance;
let port: number;
let site: string;
async function start(options: Partial<RommInstanceOptions> = {}): Promise<RommInstance> {
  port = await freePort();
  site = `http://127.0.0.1:${port}`;
  const sfuEnv = {
    TRUSTED_PROXIES: 'loopback',
    ADMIN_API_KEY: 'an-admin-key-for-these-tests',
    ...options.sfuEnv,
  };
  return disposers.use(await startRommInstance({ release: NEWEST, site, ...options, sfuEnv }));
}
beforeAll(async () => {
  instance = await start();
});
afterAll(() => disposers.closeAll());

const behind = () => ({
  auth: hostOf(instance.authUrl),
  sfu: instance.sfuUrls.map(hostOf),
  romm: hostOf(instance.romm.url),
  port,
});
const look = () => diagnose({ authUrl: site, sfuUrl: site, timeoutMs: 5_000 });
const wrongOf = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status === 'fault' || status === 'warning');
const found = (findings: readonly Finding[], check: string) => findings.find((each) => each.check === check);

/** Looks through a proxy that is there for this alone. */
async function through(proxy: Promise<ProxyServer>): Promise<Finding[]> {
  const { close } = await proxy;
  try {
    return await look();
  } finally {
    await close();
  }
}
const nginx = (server: string) => startNginx({ port, server });
const { auth, sfu, romm } = {
  auth: () => `proxy_pass ${instance.authUrl}; proxy_set_header Host $http_host;`,
  sfu: () =>
    `proxy_pass ${instance.sfuUrl}; proxy_set_header Host $http_host; proxy_http_version 1.1;
     proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;`,
  romm: () => `location / { proxy_pass ${instance.romm.url}; }`,
};

describe('a RomM with netplay beside it', () => {
  it.each([
    ['nginx', startShippedNginx],
    ['Caddy', startShippedCaddy],
  ])('has no finding behind the configuration for %s, given RomM’s address alone', async (name, proxy) => {
    // Caddy chooses its port itself.
    const started = await proxy(behind());
    const authUrl = name === 'Caddy' ? started.url : site;
    const findings = await diagnose({ authUrl, sfuUrl: authUrl, timeoutMs: 5_000 });
    await started.close();
    const wrong = wrongOf(findings).filter(
      ({ check }) => name !== 'Caddy' || !['issuer', 'node-url'].includes(check),
    );
    expect(wrong).toEqual([]);
    for (const check of [
      'romm',
      'romm-netplay',
      'romm-list',
      'romm-socket',
      'pins',
      'auth-ready',
      'sfu-answers',
    ]) {
      expect({ check, status: found(findings, check)?.status }).toEqual({ check, status: 'ok' });
    }
  });

  it('has none when it is examined from inside', async () => {
    const proxy = await startShippedNginx(behind());
    const headers = { authorization: 'Bearer an-admin-key-for-these-tests' };
    const answer = await fetch(`${site}/netplay/doctor`, { headers });
    await proxy.close();
    const { findings } = (await answer.json()) as { findings: Finding[] };
    expect(wrongOf(findings).filter(({ check }) => check !== 'configuration')).toEqual([]);
  });
});

describe('a node whose internal secret is not auth’s', () => {
  const REFUSED = 'Auth refuses the internal secret of this node (ROMM_SFU_INTERNAL_SECRET).';
  const headers = { authorization: 'Bearer an-admin-key-for-these-tests' };

  it('is found from outside and from inside, with the shared state well', async () => {
    const before = instance;
    instance = await start({ sfuEnv: { ROMM_SFU_INTERNAL_SECRET: 'another-secret-than-auth-has' } });
    const fault = {
      check: 'sfu-ready',
      status: 'fault',
      what: REFUSED,
      fix: expect.stringMatching(
        /the same ROMM_SFU_INTERNAL_SECRET.*infra\/secrets\/netplay-internal-secret/,
      ),
    };
    expect(wrongOf(await through(startShippedNginx(behind())))).toEqual([fault]);
    // Where the proxy hides readiness, the node tells of its own.
    const hidden = await nginx(
      `location /netplay/readyz { return 404; } location /netplay/.well-known/ { ${auth()} } location /netplay/api/ { ${auth()} }
       location /netplay/ { ${sfu()} } location = /api/netplay/list { ${sfu()} } ${romm()}`,
    );
    expect(found(await look(), 'sfu-ready')).toMatchObject({ status: 'skipped' });
    const answer = await fetch(`${instance.sfuUrl}/doctor`, { headers });
    const { status, findings } = (await answer.json()) as { status: string; findings: Finding[] };
    await hidden.close();
    expect(status).toBe('fault');
    expect(findings.filter(({ check }) => check === 'sfu-ready')).toEqual([fault]);
    expect(JSON.stringify(findings)).not.toContain('another-secret-than-auth-has');
    instance = before;
  });
});

describe('what goes wrong there', () => {
  const list = '/api/netplay/list';
  it.each<[what: string, server: () => string, check: string, says: RegExp]>([
    [
      'no rule for the sockets',
      () => `location = ${list} { ${sfu()} } ${romm()}`,
      'romm-socket',
      /RomM itself answers/,
    ],
    [
      'no rule for the list',
      () => `location /netplay/ { ${sfu()} } ${romm()}`,
      'romm-list',
      /RomM itself answers/,
    ],
    [
      'a dead SFU, at the list',
      () => `location = ${list} { proxy_pass http://127.0.0.1:1; } ${romm()}`,
      'romm-list',
      /502: the proxy does not reach the SFU/,
    ],
    [
      'a dead SFU, at the sockets',
      () =>
        `location /netplay/socket.io/ { proxy_pass http://127.0.0.1:1; } location /netplay/ { ${sfu()} } ${romm()}`,
      'romm-socket',
      /502: the proxy does not reach the SFU/,
    ],
    [
      'a dead auth below the prefix',
      () => `location /netplay/.well-known/ { proxy_pass http://127.0.0.1:1; } ${romm()}`,
      'auth-answers',
      /\/netplay: \/\S+, \/\S+ answer 502: the proxy does not reach auth/,
    ],
    [
      'a gateway that gives up, at the socket',
      () => `location /netplay/ws { return 504; } location /netplay/ { ${sfu()} } ${romm()}`,
      'socket',
      /504: the proxy does not reach the SFU/,
    ],
    [
      'a page in place of the list',
      () =>
        `location = ${list} { default_type text/html; return 200 "<!doctype html>"; } location /netplay/ { ${sfu()} } ${romm()}`,
      'romm-list',
      /an HTML page/,
    ],
  ])('%s', async (_what, server, check, says) => {
    const finding = found(await through(nginx(server())), check);
    expect(finding).toMatchObject({
      status: 'fault',
      what: expect.stringMatching(says),
      fix: expect.stringMatching(/\w/),
    });
  });

  it('what is between the services, open to all: seen where players are, not on the machine itself', async () => {
    const open = nginx(
      `location /netplay/.well-known/ { ${auth()} } location /netplay/api/ { ${auth()} } ${romm()}`,
    );
    const proxy = await open;
    // A name that is not this machine’s, led there.
    const elsewhere = 'http://romm.example.org';
    const there: typeof fetch = (input, init) => fetch((input as string).replace(elsewhere, site), init);
    const findings = await diagnose({
      authUrl: elsewhere,
      sfuUrl: elsewhere,
      fetch: there,
      timeoutMs: 5_000,
    });
    expect(found(findings, 'internal-endpoints')).toMatchObject({ status: 'warning' });
    expect(found(await look(), 'internal-endpoints')).toBeUndefined();
    await proxy.close();
    const shipped = await startShippedNginx(behind());
    const closed = await diagnose({ authUrl: elsewhere, sfuUrl: elsewhere, fetch: there, timeoutMs: 5_000 });
    expect(found(closed, 'internal-endpoints')).toMatchObject({ status: 'ok' });
    await shipped.close();
  });

  it('netplay that is off in RomM', async () => {
    instance.romm.behave({ netplay: false });
    const finding = found(await through(startShippedNginx(behind())), 'romm-netplay');
    expect(finding).toMatchObject({ status: 'fault', fix: expect.stringContaining('config.yml') });
    instance.romm.behave({ netplay: true });
  });

  it('RomM that leaves out what is needed to know a user', async () => {
    instance.romm.behave({ without: ['username'] });
    const proxy = await startShippedNginx(behind());
    await fetch(`${site}${list}?game_id=1`, { headers: { cookie: instance.signIn('eve').cookie } });
    const finding = found(await look(), 'auth-ready');
    expect(finding).toMatchObject({ status: 'warning', what: expect.stringContaining('username') });
    instance.romm.behave({ without: [] });
    await proxy.close();
  });

  it('clocks are not judged by a header that the proxy may have written', async () => {
    const server = `location /netplay/ { ${sfu()} proxy_hide_header Date; add_header Date "Mon, 01 Jan 2001 00:00:00 GMT"; }
      location /netplay/api/auth/doctor/echo { return 404; } location /netplay/.well-known/ { ${auth()} } ${romm()}`;
    expect(found(await through(nginx(server)), 'clocks')).toMatchObject({ status: 'skipped' });
  });
});

describe('releases', () => {
  it.each([
    ['4.4', 'fault', /no netplay/],
    ['5.0', 'warning', /does not fit the EmulatorJS/],
    ['5.1', 'ok', /RomM 5\.1\.0 is at/],
  ])('RomM %s: %s', async (name, status, says) => {
    const before = instance;
    instance = await start({ release: ROMM_RELEASES.find((each) => each.name === name)! });
    const finding = found(await through(startShippedNginx(behind())), 'romm');
    expect(finding).toMatchObject({ status, what: expect.stringMatching(says) });
    instance = before;
  });
});

describe('nodes', () => {
  it('of which two have one id', async () => {
    instance = await start({ nodes: 2, sfuEnv: { NODE_ID: 'the-same' } });
    const headers = { authorization: 'Bearer an-admin-key-for-these-tests' };
    const findingsOf = async (url: string) =>
      ((await (await fetch(`${url}/doctor`, { headers })).json()) as { findings: Finding[] }).findings;
    // Each tells of itself every few seconds.
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    for (const url of instance.sfuUrls) {
      expect(found(await findingsOf(url), 'node-id')).toMatchObject({ status: 'fault' });
    }
  });

  it('that take tokens only', async () => {
    instance = await start({ sfuEnv: { SFU_IDENTITY: 'tokens' } });
    const finding = found(await through(startShippedNginx(behind())), 'romm-list');
    expect(finding).toMatchObject({
      status: 'fault',
      fix: expect.stringContaining('SFU_IDENTITY=tokens,romm'),
    });
  });
});
