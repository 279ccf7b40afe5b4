/** Variables that nobody reads, beside those that are read: point 18 of X2. */
import { describe, expect, it } from '@jest/globals';
import { misspeltVariables } from '../src/misspelt.js';

const KNOWN = ['ALLOWED_ORIGINS', 'AUTH_ISSUER', 'NODE_ENV', 'HOST', 'PORT', 'REDIS_URL', 'ROMM_BASE_URL'];
const found = (...names: string[]) => misspeltVariables(names, KNOWN);

describe('variables that nobody reads (X2)', () => {
  it.each([
    ['ALLOWED_ORIGIN', 'ALLOWED_ORIGINS'],
    ['AUTH_ISSUR', 'AUTH_ISSUER'],
    ['AUHT_ISSUER', 'AUTH_ISSUER'],
    ['AUHT_ISUSER', 'AUTH_ISSUER'],
    ['auth_issuer', 'AUTH_ISSUER'],
    ['AUTH-ISSUER', 'AUTH_ISSUER'],
    ['REDISURL', 'REDIS_URL'],
  ])('says of %s that %s was probably meant', (name, meant) => {
    const [sentence = '', ...others] = found(name);
    expect(others).toEqual([]);
    expect(sentence).toContain(` ${name}:`);
    expect(sentence).toContain(` ${meant} was meant`);
  });

  it('says nothing of names that are read, nor of those that only look a little alike', () => {
    expect(found(...KNOWN)).toEqual([]);
    expect(found('HOME', 'POST', 'HOSTS', 'NODE_PATH', 'NODE_OPTIONS', 'AUTH_TOKEN_TTL')).toEqual([]);
  });

  it('says nothing of what RomM and its database read, which may be in the same file', () => {
    const romm = [
      'HOST',
      'PORT',
      'BASE_PATH',
      'AUTH_SECRET_KEY',
      'AUTH_USERNAME',
      'AUTH_PASSWORD',
      'DB_DRIVER',
    ];
    const redis = ['HOST', 'PORT', 'PASSWORD', 'USERNAME', 'DB', 'SSL'];
    expect(found(...romm.map((name) => `ROMM_${name}`), ...redis.map((name) => `REDIS_${name}`))).toEqual([]);
  });
});
