/** What the doctor advises, where it depends on what it was told (X1). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose } from '@romm-netplay/doctor';
import { startShippedNginx } from './support/proxies.js';
import { checksOf, type RommSite, startRommSite, wrongOf } from './support/romm-site.js';

let site: RommSite;
beforeAll(async () => {
  site = await startRommSite();
});
afterEach(() => site.afterLook());
afterAll(() => site.close());

describe('sentences', () => {
  const failing = (code: string) =>
    diagnose({
      authUrl: 'https://romm.example.org',
      sfuUrl: 'https://romm.example.org',
      fetch: () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code } })),
      openSocket: () => Promise.resolve({ kind: 'none', reason: 'tls', code }),
    });

  it.each([
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ])('of a CA that this machine does not know say where Caddy has its root: %s', async (code) => {
    expect(wrongOf(await failing(code))).toMatchObject([
      { fix: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*data.*pki\/authorities\/local\/root\.crt/) },
    ]);
  });

  it('of a certificate that has expired say to renew it', async () => {
    const [found] = wrongOf(await failing('CERT_HAS_EXPIRED'));
    expect(found?.fix).toContain('Renew the certificate');
    expect(found?.fix).not.toContain('Caddy');
  });

  it('about warnings name the variable, or the log', async () => {
    const warned = async (text: string) => {
      const warns: typeof fetch = async (input, init) => {
        const response = await fetch(input, init);
        const body = (await response.text()).replace('"warnings":[]', `"warnings":[${JSON.stringify(text)}]`);
        return new Response(body, response);
      };
      const findings = await site.look(startShippedNginx(site.behind), { fetch: warns });
      await site.afterLook();
      return wrongOf(findings).map(({ check, fix }) => [check, fix]);
    };
    expect(await warned('Development identity is on (IDENTITY_PROVIDERS has "dev").')).toEqual([
      ['auth-ready', 'Change IDENTITY_PROVIDERS of auth, unless you mean it.'],
      ['sfu-ready', 'Change IDENTITY_PROVIDERS of the SFU, unless you mean it.'],
    ]);
    expect(await warned('Nobody of RomM can sign in: RomM began an answer.')).toEqual([
      ['auth-ready', expect.stringMatching(/^The log of auth says more \(.*logs netplay-auth/)],
      ['sfu-ready', expect.stringMatching(/^The log of the SFU says more/)],
    ]);
    expect(await warned('It is shared. Set SFU_TURN_SECRET in its place.')).toEqual([
      ['auth-ready', 'Do as it says, unless you mean it.'],
      ['sfu-ready', 'Do as it says, unless you mean it.'],
    ]);
  });

  it('about time say what each service waits for', async () => {
    const slow: typeof fetch = async (input, init) => {
      if ((input as string).includes('/resolve') || (input as string).includes('/sessions'))
        await new Promise((resolve) => setTimeout(resolve, 2_100));
      return fetch(input, init);
    };
    const findings = wrongOf(await site.look(startShippedNginx(site.behind), { fetch: slow }));
    expect(checksOf(findings)).toEqual(['auth-slow', 'sfu-slow']);
    const fixes = findings.map(({ fix = '' }) => fix);
    expect(fixes[0]).toMatch(/auth .*its database/);
    expect(fixes[1]).toMatch(/SFU .*its Redis/);
    expect(fixes[1]).not.toContain('database');
  });
});
