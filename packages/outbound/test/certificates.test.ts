import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createOutboundFetch, type OutboundPolicy } from '../src/index.js';
import { makeCertificates } from './support/certificates.js';
import { closeServers, startHttp, startHttps } from './support/servers.js';

const { ca, leaf, other } = makeCertificates('peer.example');
let requests: (string | undefined)[] = [];

beforeEach(() => {
  requests = [];
});
afterEach(closeServers);

async function call(policy: OutboundPolicy, certificate = leaf, host = 'peer.example') {
  const port = await startHttps(certificate, (req, res) => {
    requests.push(req.headers.host?.split(':')[0]);
    res.end('ok');
  });
  return callAt(`https://${host}:${port}/`, policy);
}

async function callAt(url: string, policy: OutboundPolicy): Promise<unknown> {
  const outbound = createOutboundFetch({
    allowPrivateAddresses: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    ...policy,
  });
  try {
    return await (await outbound(url)).text();
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    await outbound.close();
  }
}

test('P2.11 a private CA: its certificates are accepted, for their names and addresses only', async () => {
  expect(await call({ ca: ca.cert })).toBe('ok');
  expect(await call({ ca: ca.cert }, leaf, 'peer.example.')).toBe('ok');
  expect(await call({ ca: ca.cert }, leaf, '127.0.0.1')).toBe('ok');
  expect(await call({ ca: ca.cert }, leaf, 'another.example')).toBe('certificate_refused');
  expect(requests).toEqual(['peer.example', 'peer.example.', '127.0.0.1']);
});

test('P2.11 without the CA, or with another one, nothing is sent', async () => {
  expect(await call({})).toBe('certificate_refused');
  expect(await call({ ca: other.cert })).toBe('certificate_refused');
  expect(await call({ ca: ca.cert }, other)).toBe('certificate_refused');
  expect(requests).toEqual([]);
});

test('P2.11 a pinned certificate may be self-signed; any other is refused before the request is sent', async () => {
  const certificateFingerprints = [other.fingerprint];
  expect(await call({ certificateFingerprints }, other)).toBe('ok');
  expect(await call({ certificateFingerprints: [leaf.fingerprint, other.fingerprint] }, other)).toBe('ok');
  const plainHex = other.fingerprint.replaceAll(':', '').toLowerCase();
  expect(await call({ certificateFingerprints: [plainHex] }, other)).toBe('ok');
  requests = [];
  expect(await call({ certificateFingerprints }, leaf)).toBe('certificate_refused');
  expect(requests).toEqual([]);
});

test('P2.11 with a CA and a pin both must hold', async () => {
  expect(await call({ ca: ca.cert, certificateFingerprints: [leaf.fingerprint] })).toBe('ok');
  requests = [];
  expect(await call({ ca: ca.cert, certificateFingerprints: [other.fingerprint] })).toBe(
    'certificate_refused',
  );
  expect(await call({ ca: ca.cert, certificateFingerprints: [other.fingerprint] }, other)).toBe(
    'certificate_refused',
  );
  expect(requests).toEqual([]);
});

test('P2.11 a CA or a pin is not passed by over plain http', async () => {
  const policy = { allowHttp: true, certificateFingerprints: [leaf.fingerprint] };
  expect(await callAt('http://peer.example/', policy)).toBe('scheme_refused');
  expect(await callAt('http://peer.example/', { allowHttp: true, ca: ca.cert })).toBe('scheme_refused');
});

test('P2.11 a server without TLS is told from one with a bad certificate', async () => {
  const port = await startHttp((_req, res) => res.end());
  expect(await callAt(`https://peer.example:${port}/`, {})).toBe('tls_failed');
});

test.each([
  { ca: '' },
  { ca: 'garbage' },
  { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
  { certificateFingerprints: ['12:34'] },
  { certificateFingerprints: [''] },
])('P2.11 unreadable settings are refused at once: %j', (policy) => {
  expect(() => createOutboundFetch(policy)).toThrow(expect.objectContaining({ code: 'settings_invalid' }));
});
