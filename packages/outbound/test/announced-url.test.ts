import { describe, expect, it } from '@jest/globals';
import { mayBeAnnounced } from '@romm-netplay/outbound';

const STRICT = { allowHttp: false, allowPrivateAddresses: false };
const AT_HOME = { allowHttp: true, allowPrivateAddresses: true };

describe('a URL that another instance announces (P2.9, P2.11)', () => {
  it.each([
    ['https://sfu.example.org', true, true],
    ['https://sfu.example.org:8443/netplay', true, true],
    ['https://203.0.113.7', false, false], // documentation range: nobody is there
    ['https://8.8.8.8', true, true],
    ['http://sfu.example.org', false, true],
    ['https://192.168.1.20:3001', false, true],
    ['https://127.0.0.1:3001', false, true],
    ['https://2130706433', false, true], // 127.0.0.1 as one number
    ['https://localhost:3001', false, true],
    ['https://sfu.localhost.', false, true],
    ['https://[::1]:3001', false, true],
    ['https://[fd00::7]', false, true],
    ['https://[::ffff:10.0.0.1]', false, true],
    ['https://169.254.169.254', false, false],
    ['https://0.0.0.0', false, false],
    ['https://user:secret@sfu.example.org', false, false],
    ['https://sfu.example.org?to=elsewhere', false, false],
    ['https://sfu.example.org#there', false, false],
    ['https://sfu.example.org\\@evil.example', false, false],
    ['https://sfu.example.org evil', false, false],
    ['ws://sfu.example.org', false, false],
    ['javascript:alert(1)', false, false],
    ['//sfu.example.org', false, false],
    ['', false, false],
  ])('%s: %s, and at home %s', (url, strict, atHome) => {
    expect(mayBeAnnounced(url, STRICT)).toBe(strict);
    expect(mayBeAnnounced(url, AT_HOME)).toBe(atHome);
  });
});
