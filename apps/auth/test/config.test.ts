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

  it('requires what nothing can stand in for', () => {
    expect(faultsOf({})).toEqual([
      expect.stringMatching(/^REDIS_URL is required/),
      expect.stringMatching(/^IDENTITY_PROVIDERS is required/),
    ]);
  });

  it('refuses development identity in production (S3)', () => {
    expect(faultsOf({ ...GOOD, NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/"dev".*NODE_ENV=production/),
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
