import { afterEach, expect, test } from '@jest/globals';
import { createOutboundFetch, type OutboundPolicy } from '../src/index.js';
import { resolveAllowed } from '../src/resolve-allowed.js';
import { closeServers, startHttp } from './support/servers.js';

afterEach(closeServers);

async function codeOf(url: string, policy: OutboundPolicy = {}): Promise<unknown> {
  const outbound = createOutboundFetch({ timeoutMs: 150, ...policy });
  const code = await outbound(url).then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  await outbound.close();
  return code;
}

test.each([
  ['', 'url_invalid'],
  ['/relative', 'url_invalid'],
  ['https://', 'url_invalid'],
  ['https://[fe80::1%25eth0]/', 'url_invalid'],
  ['https://256.256.256.256/', 'url_invalid'],
  ['http://example.org/', 'scheme_refused'],
  ['file:///etc/passwd', 'scheme_refused'],
  ['ftp://example.org/', 'scheme_refused'],
  ['gopher://127.0.0.1:6379/_FLUSHALL', 'scheme_refused'],
  ['data:application/json,{}', 'scheme_refused'],
  ['https://user@example.org/', 'credentials_refused'],
  ['https://user:pass@example.org/', 'credentials_refused'],
  ['https://example.org#@127.0.0.1/', 'address_refused'],
  ['https://example.org:22/', 'port_refused'],
  ['https://example.org:25/', 'port_refused'],
  ['https://example.org:6379/', 'port_refused'],
  ['https://example.org:5432/', 'port_refused'],
  ['https://example.org:0/', 'port_refused'],
])('P2.11 the URL %j is refused: %s', async (url, code) => {
  expect(await codeOf(url, { resolve: () => Promise.resolve(['10.0.0.1']) })).toBe(code);
});

test.each([
  'localhost',
  '127.0.0.1',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  '①②⑦.0.0.1',
  '0',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::127.0.0.1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[2002:7f00:1::]',
  '[fe80::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
])('P2.11 SSRF: the host %s is refused', async (host) => {
  expect(await codeOf(`https://${host}/`)).toBe('address_refused');
});

test('P2.11 SSRF: localhost. is refused, known to the resolver or not', async () => {
  expect(['address_refused', 'name_unresolved']).toContain(await codeOf('https://localhost./'));
  const resolve = () => Promise.resolve(['::1']);
  expect(await codeOf('https://localhost./', { resolve })).toBe('address_refused');
});

const NEVER = [
  ...['0.0.0.0', '0.1.2.3', '255.255.255.255', '224.0.0.1', '239.255.255.250', '240.0.0.1', '198.18.0.1'],
  ...[
    '192.0.2.1',
    '198.51.100.7',
    '203.0.113.9',
    '192.0.0.192',
    '192.88.99.1',
    '::',
    'ff02::1',
    '2001:db8::1',
  ],
  ...['3fff::1', '2001::1', '2002:808:808::1', 'fec0::1', '::8.8.8.8', '64:ff9b:1::1', '100::1', '5f00::1'],
  ...['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'],
  ...['::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '::ffff:0.0.0.0', 'FD00:0EC2:0:0:0:0:0:254'],
  ...['fe80::1%eth0', '127.1', '0x7f000001', 'not an address', ''],
];
const PRIVATE = [
  ...['127.0.0.1', '127.255.255.254', '10.255.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '100.127.9.9'],
  ...['169.254.1.1', '::1', 'fc00::1', 'fdff::1', 'fe80::1', '::ffff:10.0.0.1', '64:ff9b::c0a8:1'],
];
const PUBLIC = [
  ...['8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.167.1.1', '223.255.255.1'],
  ...['2606:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8', '64:ff9b::808:808'],
];

/** Asks below the fetch, because what is allowed here would be called: strangers, from a test. */
const judge = (addresses: string[], allowPrivateAddresses: OutboundPolicy['allowPrivateAddresses'] = false) =>
  resolveAllowed('peer.example', { allowPrivateAddresses, resolve: () => Promise.resolve(addresses) }).then(
    () => 'allowed',
    (error: unknown) => (error as { code?: unknown }).code,
  );

test.each(NEVER)(
  'P2.11 SSRF: a name that resolves to %j is refused even with private ones allowed',
  async (a) => {
    expect(await judge([a])).toBe('address_refused');
    expect(await judge([a], true)).toBe('address_refused');
    expect(await judge([a], () => true)).toBe('address_refused');
  },
);

test.each(PRIVATE)('P2.11 SSRF: a name that resolves to %j is refused unless that is allowed', async (a) => {
  expect(await judge([a])).toBe('address_refused');
  expect(await judge(['8.8.8.8', a])).toBe('address_refused');
  expect(await judge([a], (address) => address !== a)).toBe('address_refused');
  expect(await judge([a], true)).toBe('allowed');
});

test.each(PUBLIC)('P2.11 a name that resolves to %j is allowed', async (a) => {
  expect(await judge([a])).toBe('allowed');
});

test('P2.11 a name without an address is told from one that is refused', async () => {
  const failing = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
  expect(await codeOf('https://peer.example/', { resolve: failing })).toBe('name_unresolved');
  expect(await judge([])).toBe('name_unresolved');
});

test('P2.11 a resolver that never answers ends with the request', async () => {
  expect(await codeOf('https://peer.example/', { resolve: () => new Promise(() => undefined) })).toBe(
    'timeout',
  );
});

test('P2.11 DNS rebinding: the connection goes to the address that was checked', async () => {
  const called: string[] = [];
  const port = await startHttp((req, res) => {
    called.push(`public as ${req.headers.host ?? ''}`);
    res.setHeader('connection', 'close').end('ok');
  }, '127.0.0.2');
  await startHttp((_req, res) => res.end(void called.push('private')), '127.0.0.1', port);
  const answers = [['127.0.0.2'], ['127.0.0.1']];
  let asked = 0;
  const outbound = createOutboundFetch({
    allowHttp: true,
    // To this policy one loopback address is as good as public, and the other is not.
    allowPrivateAddresses: (address) => address === '127.0.0.2',
    resolve: () => Promise.resolve(answers[asked++] ?? []),
  });
  const url = `http://rebind.example:${port}/`;
  expect(await (await outbound(url, { headers: { host: 'forged.example' } })).text()).toBe('ok');
  expect(asked).toBe(1);
  await expect(outbound(url)).rejects.toMatchObject({ code: 'address_refused' });
  expect(called).toEqual([`public as rebind.example:${port}`]);
  await outbound.close();
});
