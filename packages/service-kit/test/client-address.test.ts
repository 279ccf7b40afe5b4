import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createAddressOf, networkOf } from '../src/index.js';

describe('who is counted as one (R3)', () => {
  it.each([
    ['198.51.100.10', '198.51.100.10'],
    ['198.51.100.10:50001', '198.51.100.10'],
    ['::ffff:198.51.100.10', '198.51.100.10'],
    ['[::ffff:c633:640a]:1', '198.51.100.10'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
    ['[2001:DB8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:0:0:0:9', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
    ['198.51.100.10:x', undefined],
    ['198.51.100.010', undefined],
    ['unknown', undefined],
    ['', undefined],
    ['1.2.3.4, 5.6.7.8', undefined],
    ['[::1', undefined],
  ])('%s is %s', (shown, network) => {
    expect(networkOf(shown)).toBe(network);
  });
});

describe('the address of a client', () => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({
      socket: { remoteAddress },
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    }) as unknown as IncomingMessage;

  it.each([
    ['the connection’s, where nobody is believed', [], '203.0.113.7', '198.51.100.10', '203.0.113.7'],
    ['what a trusted proxy says', ['10.0.0.0/8'], '10.0.0.2', '198.51.100.10', '198.51.100.10'],
    ['the same with each port', ['10.0.0.0/8'], '10.0.0.2', '198.51.100.10:50001', '198.51.100.10'],
    [
      'not what the client put before it',
      ['10.0.0.0/8'],
      '10.0.0.2',
      '1.2.3.4, 198.51.100.10',
      '198.51.100.10',
    ],
    ['the proxy’s, when it says no address', ['10.0.0.0/8'], '10.0.0.2', 'unknown-7', '10.0.0.2'],
    ['one for a whole network', ['10.0.0.0/8'], '10.0.0.2', '2001:db8::7', '2001:db8::/64'],
  ])('is %s', (_what, trusted, remote, forwarded, address) => {
    expect(createAddressOf(trusted)(request(remote, forwarded))).toBe(address);
  });
});
