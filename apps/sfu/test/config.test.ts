import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@romm-netplay/service-kit';
import { parseConfig } from '@romm-netplay/sfu/config';

const GOOD = { AUTH_ISSUER: 'https://games.example.org', REDIS_URL: 'redis://redis:6379' };

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('configuration of the SFU (X2)', () => {
  it('has defaults for everything that need not be chosen', () => {
    const config = parseConfig(GOOD);
    expect(config).toMatchObject({
      port: 3001,
      authBaseUrl: 'https://games.example.org',
      roomTtlSeconds: 60,
      clockSkewSeconds: 5,
      allowQueryToken: false,
      reconnectGraceSeconds: 60,
      allowTakeover: true,
      logLevel: 'warn',
    });
    expect(parseConfig(GOOD).nodeId).not.toBe(config.nodeId);
  });

  it.each(['ROMM_API_BASE_URL', 'ROMM_BASE_URL', 'ROMM_URL'])('reads auth’s internal URL from %s', (name) => {
    expect(parseConfig({ ...GOOD, [name]: 'http://auth:3100/' }).authBaseUrl).toBe('http://auth:3100');
  });

  it('requires the issuer, and a way to use tokens up', () => {
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/REDIS_URL.*ROMM_SFU_INTERNAL_SECRET/),
      expect.stringMatching(/^AUTH_ISSUER is required/),
    ]);
    expect(faultsOf({ AUTH_ISSUER: GOOD.AUTH_ISSUER, ROMM_SFU_INTERNAL_SECRET: 'x' })).toEqual([]);
  });

  it('asks more of production', () => {
    expect(faultsOf({ ...GOOD, NODE_ENV: 'production', ROMM_SFU_INTERNAL_SECRET: 'romm' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL is required/),
      expect.stringMatching(/^ROMM_SFU_INTERNAL_SECRET is a well-known default/),
    ]);
  });

  it('reports faults of single variables and those of several together at once', () => {
    const env = {
      NODE_ENV: 'production',
      SFU_MAX_ROOMS: 'many',
      SFU_DEV_IDENTITY: '1',
      SFU_IDENTITY: 'romm',
    };
    expect(faultsOf({ ...env, AUTH_ISSUER: 'games.example.org', ACCEPT_HS256_TOKENS: '1' })).toEqual([
      expect.stringMatching(/^AUTH_ISSUER must be a URL/),
      expect.stringMatching(/^SFU_MAX_ROOMS must be a positive whole number/),
      expect.stringMatching(/^SFU_IDENTITY must list "tokens"/),
      expect.stringMatching(/^Set REDIS_URL/),
      expect.stringMatching(/^SFU_IDENTITY lists "romm"/),
      expect.stringMatching(/^SFU_DEV_IDENTITY lets anybody/),
      expect.stringMatching(/^PUBLIC_URL is required/),
      expect.stringMatching(/^ACCEPT_HS256_TOKENS needs/),
    ]);
    expect(faultsOf({ ...GOOD, NODE_ENV: 'prod' })).toEqual([
      'NODE_ENV must be production, development or test',
    ]);
  });

  it('warns of misspelt names, and in production of URLs without https', () => {
    const env = { ...GOOD, AUTH_ISSUER: 'http://games.example.org', PUBLIC_URL: 'http://sfu.example.org' };
    expect(parseConfig({ ...env, SFU_MAX_ROOM: '5' }).warnings).toEqual([
      expect.stringMatching(/SFU_MAX_ROOM:.*SFU_MAX_ROOMS was meant/),
    ]);
    expect(parseConfig({ ...env, NODE_ENV: 'production' }).warnings).toEqual([
      expect.stringMatching(/^AUTH_ISSUER has no https/),
      expect.stringMatching(/^PUBLIC_URL has no https/),
    ]);
  });

  it('refuses development identity in production (S3)', () => {
    const production = { ...GOOD, NODE_ENV: 'production', PUBLIC_URL: 'https://sfu.example.org' };
    expect(faultsOf(production)).toEqual([]);
    expect(faultsOf({ ...production, SFU_DEV_IDENTITY: '1' })).toEqual([
      expect.stringMatching(/^SFU_DEV_IDENTITY lets anybody play as anybody.*NODE_ENV=production/),
    ]);
  });

  it('can show rooms of clients that do not say to other instances, and to nobody it does not know of', () => {
    expect(parseConfig(GOOD).defaultVisibility).toBe('local');
    expect(parseConfig({ ...GOOD, SFU_DEFAULT_VISIBILITY: 'federated' }).defaultVisibility).toBe('federated');
    expect(faultsOf({ ...GOOD, SFU_DEFAULT_VISIBILITY: 'public' })).toEqual([
      expect.stringMatching(/^SFU_DEFAULT_VISIBILITY/),
    ]);
  });

  it('can be told to keep no places and to let nobody take one over (R4, S5)', () => {
    const strict = { SFU_RECONNECT_GRACE_SECONDS: '0', SFU_ALLOW_AUTH_TAKEOVER: '0' };
    expect(parseConfig({ ...GOOD, ...strict })).toMatchObject({
      reconnectGraceSeconds: 0,
      allowTakeover: false,
    });
    expect(parseConfig({ ...GOOD, SFU_ALLOW_AUTH_TAKEOVER: '' }).allowTakeover).toBe(true);
  });

  it.each(['https://a.example.orghttps://a.example.org', 'https://https://a.example.org'])(
    'refuses a URL that holds two: %s (X1)',
    (PUBLIC_URL) => {
      expect(faultsOf({ ...GOOD, PUBLIC_URL })).toEqual([expect.stringMatching(/^PUBLIC_URL .*once/)]);
    },
  );

  it.each(['https://romm.example.org//netplay', 'https://romm.example.org/netplay//'])(
    'takes %s, of a SITE_URL that ends with a slash, for one slash',
    (PUBLIC_URL) => {
      expect(parseConfig({ ...GOOD, PUBLIC_URL }).publicUrl).toBe('https://romm.example.org/netplay');
    },
  );

  it('takes tokens always, and RomM’s session when told to, with the secret that auth asks for (N2)', () => {
    const secret = { ROMM_SFU_INTERNAL_SECRET: 'x' };
    expect(parseConfig({ ...GOOD, ...secret, SFU_IDENTITY: 'tokens,romm' }).rommIdentity).toBe(true);
    expect(parseConfig({ ...GOOD, SFU_IDENTITY: 'tokens' }).rommIdentity).toBe(false);
    expect(faultsOf({ ...GOOD, ...secret, SFU_IDENTITY: 'romm' })).toEqual([
      expect.stringMatching(/SFU_IDENTITY must list "tokens"/),
    ]);
    expect(faultsOf({ ...GOOD, SFU_IDENTITY: 'tokens,romm' })).toEqual([
      expect.stringMatching(/SFU_IDENTITY.*ROMM_SFU_INTERNAL_SECRET/),
    ]);
  });

  it('reports every fault at once', () => {
    const wrong = {
      PORT: 'x',
      PUBLIC_URL: 'sfu',
      SFU_AUTH_CLOCK_SKEW_SECONDS: '600',
      SFU_MAX_ROOMS: '0',
      SFU_ALLOW_QUERY_TOKEN: 'maybe',
      SFU_RECONNECT_GRACE_SECONDS: '601',
      SFU_ALLOW_AUTH_TAKEOVER: 'yes',
      TRUSTED_PROXIES: 'not-an-address',
    };
    const faults = faultsOf({ ...GOOD, ...wrong });
    for (const name of Object.keys(wrong))
      expect(faults.filter((fault) => fault.startsWith(name))).toHaveLength(1);
  });
});
