import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@romm-netplay/auth/config';
import { ConfigError } from '@romm-netplay/service-kit';

const STRONG = '4f9c2b7e8a1d6035';
const GOOD = {
  REDIS_URL: 'redis://redis:6379',
  IDENTITY_PROVIDERS: 'dev',
  AUTH_ISSUER: 'https://games.example.org/',
  ROMM_SFU_INTERNAL_SECRET: STRONG,
  KEY_ENCRYPTION_KEY: 'ab'.repeat(32),
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('configuration of auth (X2)', () => {
  it('has defaults for everything that need not be chosen', () => {
    expect(parseConfig(GOOD)).toMatchObject({
      port: 3100,
      issuer: 'https://games.example.org',
      signingAlg: 'RS256',
      roomTtlSeconds: 60,
      allowedOrigins: [],
    });
  });

  it('reports every fault at once, and quotes no value', () => {
    const faults = faultsOf({
      PORT: '70000',
      REDIS_URL: 'http://:hunter2@redis',
      AUTH_ISSUER: 'games.example.org',
      IDENTITY_PROVIDERS: 'dev,magic',
      SIGNING_ALG: 'HS256',
      ALLOWED_ORIGINS: '*',
      LOG_LEVEL: 'loud',
    });
    for (const name of [
      'PORT',
      'REDIS_URL',
      'AUTH_ISSUER',
      'IDENTITY_PROVIDERS',
      'SIGNING_ALG',
      'ALLOWED_ORIGINS',
      'LOG_LEVEL',
    ]) {
      expect(faults.filter((fault) => fault.startsWith(name))).toHaveLength(1);
    }
    expect(faults.join()).not.toContain('hunter2');
  });

  it('reports faults of single variables and those of several together at once', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      REDIS_URL: 'redis',
      AUTH_ISSUER: 'games.example.org',
      IDENTITY_PROVIDERS: 'dev,local',
      LOCAL_ADMIN_USERNAME: 'root',
      KEY_ROTATION_SECONDS: '60',
      ROMM_SFU_INTERNAL_SECRET: 'changeme',
    });
    expect(faults).toEqual([
      // Each once: what is wrong is not missing as well.
      expect.stringMatching(/^AUTH_ISSUER must be a URL/),
      expect.stringMatching(/^REDIS_URL must look like/),
      expect.stringMatching(/^IDENTITY_PROVIDERS contains "dev"/),
      expect.stringMatching(/^LOCAL_ADMIN_USERNAME and LOCAL_ADMIN_PASSWORD go together/),
      expect.stringMatching(/^KEY_ENCRYPTION_KEY is required/),
      expect.stringMatching(/^ROMM_SFU_INTERNAL_SECRET is a well-known default/),
      expect.stringMatching(/^KEY_ROTATION_SECONDS must be more/),
    ]);
  });

  it('takes a secret whose file cannot be read for wrong, not for missing', () => {
    const { KEY_ENCRYPTION_KEY: _key, ...without } = GOOD;
    const env = { ...without, NODE_ENV: 'production', IDENTITY_PROVIDERS: 'local' };
    expect(faultsOf({ ...env, KEY_ENCRYPTION_KEY_FILE: '/nowhere/key' })).toEqual([
      expect.stringMatching(/^KEY_ENCRYPTION_KEY_FILE names a file that cannot be read \(ENOENT\)/),
    ]);
  });

  it.each(['prod', 'Production', 'dev', 'staging'])(
    'refuses NODE_ENV=%s, which it would not heed',
    (NODE_ENV) => {
      expect(faultsOf({ ...GOOD, NODE_ENV })).toEqual(['NODE_ENV must be production, development or test']);
    },
  );

  it('keeps metrics to this machine', () => {
    expect(parseConfig(GOOD).metricsHost).toBe('127.0.0.1');
    expect(parseConfig({ ...GOOD, METRICS_HOST: '0.0.0.0' }).metricsHost).toBe('0.0.0.0');
  });

  it('warns of names that are probably misspelt, never of their values', () => {
    const { warnings } = parseConfig({ ...GOOD, ALLOWED_ORIGIN: 'hunter2', REDIS_URL_FLE: 'hunter2' });
    expect(warnings).toEqual([
      expect.stringMatching(/ALLOWED_ORIGIN:.*ALLOWED_ORIGINS was meant/),
      expect.stringMatching(/REDIS_URL_FLE:.*REDIS_URL_FILE was meant/),
    ]);
    expect(warnings.join()).not.toContain('hunter2');
    expect(parseConfig({ ...GOOD, AUTH_URL: 'http://auth:3100', ALLOWED_ORIGIN: '' }).warnings).toEqual([]);
  });

  it('warns of an issuer without https in production, unless it is this machine', () => {
    const production = { ...GOOD, NODE_ENV: 'production', IDENTITY_PROVIDERS: 'local' };
    const warningsFor = (AUTH_ISSUER: string) => parseConfig({ ...production, AUTH_ISSUER }).warnings;
    expect(warningsFor('http://games.example.org')).toEqual([
      expect.stringMatching(/^AUTH_ISSUER has no https.*Put TLS before it/),
    ]);
    for (const own of ['localhost', '127.0.0.1:3100', '[::1]:3100', 'games.localhost'])
      expect(warningsFor(`http://${own}`)).toEqual([]);
    expect(warningsFor('https://games.example.org')).toEqual([]);
    expect(parseConfig({ ...GOOD, AUTH_ISSUER: 'http://games.example.org' }).warnings).toEqual([]);
  });

  it('requires what nothing can stand in for', () => {
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^REDIS_URL is required/),
      expect.stringMatching(/^IDENTITY_PROVIDERS is required/),
    ]);
  });

  it.each(['dev', 'romm,dev', 'local dev'])(
    'refuses development identity in production, also beside others: %s (S3)',
    (IDENTITY_PROVIDERS) => {
      const ROMM_BASE_URL = 'http://romm:8080';
      expect(faultsOf({ ...GOOD, NODE_ENV: 'production', IDENTITY_PROVIDERS, ROMM_BASE_URL })).toEqual([
        expect.stringMatching(/"dev".*NODE_ENV=production/),
      ]);
    },
  );

  it('takes several identity providers, in the order in which they are asked (S4)', () => {
    const env = { ...GOOD, NODE_ENV: 'production', IDENTITY_PROVIDERS: 'local, romm' };
    expect(parseConfig({ ...env, ROMM_BASE_URL: 'http://romm:8080/' })).toMatchObject({
      identityProviders: ['local', 'romm'],
      rommBaseUrl: 'http://romm:8080',
      firstAdmin: undefined,
      refreshCookieSameSite: 'strict',
      trustedProxies: [],
    });
  });

  it('asks where RomM is when its users are to sign in (S4)', () => {
    expect(faultsOf({ ...GOOD, IDENTITY_PROVIDERS: 'romm,local' })).toEqual([
      expect.stringMatching(/^ROMM_BASE_URL is required/),
    ]);
    expect(
      faultsOf({ ...GOOD, IDENTITY_PROVIDERS: 'romm', ROMM_BASE_URL: 'romm.example.org' }),
    ).toContainEqual(expect.stringMatching(/^ROMM_BASE_URL must be a URL/));
  });

  describe('of the first administrator (S4)', () => {
    const LOCAL = { ...GOOD, IDENTITY_PROVIDERS: 'local' };
    const NAME = { LOCAL_ADMIN_USERNAME: 'root' };

    it('takes name and password together, the password from a file too', () => {
      const file = join(mkdtempSync(join(tmpdir(), 'netplay-config-')), 'password');
      writeFileSync(file, `${STRONG}\n`);
      const firstAdmin = { username: 'root', password: STRONG };
      expect(parseConfig({ ...LOCAL, ...NAME, LOCAL_ADMIN_PASSWORD: STRONG })).toMatchObject({ firstAdmin });
      expect(parseConfig({ ...LOCAL, ...NAME, LOCAL_ADMIN_PASSWORD_FILE: file })).toMatchObject({
        firstAdmin,
      });
    });

    it.each([NAME, { LOCAL_ADMIN_PASSWORD: STRONG }])('refuses one without the other', (half) => {
      expect(faultsOf({ ...LOCAL, ...half })).toEqual([
        expect.stringMatching(/^LOCAL_ADMIN_USERNAME and LOCAL_ADMIN_PASSWORD go together/),
      ]);
    });

    it('refuses a short password, and a weak or reused one in production, without quoting it', () => {
      const faults = (LOCAL_ADMIN_PASSWORD: string, NODE_ENV: string) =>
        faultsOf({ ...LOCAL, ...NAME, LOCAL_ADMIN_PASSWORD, NODE_ENV });
      expect(faults('too short', 'development')).toEqual([
        expect.stringMatching(/^LOCAL_ADMIN_PASSWORD must have at least 10 characters/),
      ]);
      expect(faults('not-so-long', 'development')).toEqual([]);
      for (const weak of ['not-so-long', 'changeme-please', 'abab'.repeat(8)]) {
        expect(faults(weak, 'production')).toEqual([expect.stringMatching(/^LOCAL_ADMIN_PASSWORD /)]);
        expect(faults(weak, 'production').join()).not.toContain(weak);
      }
      expect(faults(STRONG, 'production')).toEqual([
        expect.stringMatching(/^ROMM_SFU_INTERNAL_SECRET and LOCAL_ADMIN_PASSWORD are equal/),
      ]);
    });
  });

  it('refuses a refresh cookie that browsers would not keep (S1)', () => {
    const none = { ...GOOD, REFRESH_COOKIE_SAME_SITE: 'none' };
    expect(parseConfig(none).refreshCookieSameSite).toBe('none');
    const { AUTH_ISSUER: _issuer, ...unnamed } = none;
    for (const env of [unnamed, { ...none, AUTH_ISSUER: 'http://games.example.org' }]) {
      expect(faultsOf(env)).toEqual([expect.stringMatching(/^REFRESH_COOKIE_SAME_SITE=none needs/)]);
    }
    expect(faultsOf({ ...GOOD, REFRESH_COOKIE_SAME_SITE: 'off' })).toEqual([
      expect.stringMatching(/^REFRESH_COOKIE_SAME_SITE must be strict, lax, none/),
    ]);
  });

  it('refuses proxies that are no addresses', () => {
    expect(parseConfig({ ...GOOD, TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' }).trustedProxies).toEqual([
      'loopback',
      '10.0.0.0/8',
    ]);
    expect(faultsOf({ ...GOOD, TRUSTED_PROXIES: 'my-proxy' })).toEqual([
      expect.stringMatching(/^TRUSTED_PROXIES must list/),
    ]);
  });

  it.each(['changeme', 'hunter2', 'a'.repeat(40)])('refuses the weak secret %s in production', (secret) => {
    const faults = faultsOf({ ...GOOD, NODE_ENV: 'production', ROMM_SFU_INTERNAL_SECRET: secret });
    expect(faults).toContainEqual(expect.stringMatching(/^ROMM_SFU_INTERNAL_SECRET .*openssl rand/));
    expect(faults.join()).not.toContain(secret);
  });

  it('refuses production without a key-encryption key, and a key of another length anywhere', () => {
    const { KEY_ENCRYPTION_KEY: _key, ...without } = GOOD;
    expect(faultsOf({ ...without, NODE_ENV: 'production' })).toContainEqual(
      expect.stringMatching(/^KEY_ENCRYPTION_KEY is required.*openssl rand/),
    );
    expect(faultsOf({ ...GOOD, KEY_ENCRYPTION_KEY: 'too-short' })).toEqual([
      expect.stringMatching(/^KEY_ENCRYPTION_KEY must be 32 bytes/),
    ]);
  });

  it('asks for the secret of HS256 tokens when they are accepted (P1.5)', () => {
    expect(faultsOf({ ...GOOD, ACCEPT_HS256_TOKENS: '1' })).toEqual([
      expect.stringMatching(/needs ROMM_AUTH_SECRET_KEY/),
    ]);
  });

  it('takes secrets from files', () => {
    const directory = mkdtempSync(join(tmpdir(), 'netplay-config-'));
    const file = join(directory, 'secret');
    writeFileSync(file, `${STRONG}\n`);
    const { ROMM_SFU_INTERNAL_SECRET: _inline, ...rest } = GOOD;
    expect(parseConfig({ ...rest, ROMM_SFU_INTERNAL_SECRET_FILE: file }).internalSecret).toBe(STRONG);
    expect(faultsOf({ ...GOOD, ROMM_SFU_INTERNAL_SECRET_FILE: file })).toEqual([
      expect.stringMatching(/both set/),
    ]);
    expect(faultsOf({ ...rest, ROMM_SFU_INTERNAL_SECRET_FILE: join(directory, 'none') })).toEqual([
      expect.stringMatching(/cannot be read \(ENOENT\)/),
    ]);
  });

  it('takes an empty variable for an unset one', () => {
    expect(parseConfig({ ...GOOD, SIGNING_ALG: '', PORT: ' ' })).toMatchObject({
      signingAlg: 'RS256',
      port: 3100,
    });
  });
});
