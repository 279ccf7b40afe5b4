import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  createTokenIssuer,
  createTokenVerifier,
  type TokenVerifier,
  trustOnly,
} from '@romm-netplay/token-core';
import { createAesKeyCipher } from '../src/adapters/aes-key-cipher.js';
import { createMemoryKeyStore } from '../src/adapters/memory-key-store.js';
import type { KeyManagementDeps } from '../src/keys/key-management.js';
import type { RotationPolicy } from '../src/keys/key-ring.js';
import { listKeys } from '../src/keys/list-keys.js';
import { reencryptKeys } from '../src/keys/reencrypt-keys.js';
import { rotateKeys } from '../src/keys/rotate-keys.js';
import { createSigningKeys } from '../src/keys/signing-keys.js';
import { withdrawKey } from '../src/keys/withdraw-key.js';

const ISSUER = 'https://games.example.org';
const POLICY: RotationPolicy = { rotationIntervalMs: 3_600_000, publishLeadMs: 600_000, retainMs: 935_000 };
const KEK = randomBytes(32);

function setUp(keks: Buffer[] = [KEK], store = createMemoryKeyStore()) {
  let nowMs = 1_800_000_000_000;
  const deps: KeyManagementDeps = {
    store,
    cipher: createAesKeyCipher(keks),
    policy: POLICY,
    alg: 'ES256',
    rsaBits: 2048,
    now: () => nowMs,
  };
  const keys = createSigningKeys(deps);
  const verifier: TokenVerifier = createTokenVerifier({
    trustedIssuers: trustOnly(ISSUER, keys),
    audience: ISSUER,
    now: deps.now,
  });
  const issuer = createTokenIssuer({ issuer: ISSUER, signingKey: () => keys.current(), now: deps.now });
  return {
    deps,
    keys,
    advance: async (ms: number) => {
      nowMs += ms;
      await keys.reload();
    },
    mint: async () => (await issuer.issueReadToken({ sub: 'a' }, ISSUER)).token,
    verify: (token: string) =>
      verifier.verify(token, ['sfu:read']).then(
        () => 'accepted',
        (error: unknown) => (error as { code: string }).code,
      ),
  };
}

const phases = async (deps: KeyManagementDeps) => (await listKeys(deps)).map(({ phase }) => phase);

describe('rotation (P2.2)', () => {
  it('makes the first key at once, and later ones a lead ahead of their time', async () => {
    const { deps, keys, advance } = setUp();
    const first = await rotateKeys(deps, { when: 'due' });
    expect(await rotateKeys(deps, { when: 'due' })).toBeUndefined();
    await keys.reload();
    expect(keys.current().kid).toBe(first!.kid);
    await advance(POLICY.rotationIntervalMs - POLICY.publishLeadMs);
    const second = await rotateKeys(deps, { when: 'due' });
    await keys.reload();
    expect(keys.current().kid).toBe(first!.kid);
    expect(keys.published().map(({ kid }) => kid)).toEqual([first!.kid, second!.kid]);
    await advance(POLICY.publishLeadMs);
    expect(keys.current().kid).toBe(second!.kid);
    expect(await phases(deps)).toEqual(['previous', 'current']);
    await advance(POLICY.retainMs);
    expect(keys.published().map(({ kid }) => kid)).toEqual([second!.kid]);
  });

  it('refuses no valid token through a rotation', async () => {
    const { deps, keys, advance, mint, verify } = setUp();
    await rotateKeys(deps, { when: 'now' });
    await keys.reload();
    const before = await mint();
    await rotateKeys(deps, { when: 'now' });
    await advance(POLICY.publishLeadMs);
    const after = await mint();
    expect(await verify(before)).toBe('accepted');
    expect(await verify(after)).toBe('accepted');
    await advance(400_000);
    expect(await verify(after)).toBe('accepted');
    expect(await verify(before)).toBe('token_expired');
  });

  it('answers the waiting successor when asked again, and makes one of many at once', async () => {
    const { deps } = setUp();
    await rotateKeys(deps, { when: 'now' });
    const made = await Promise.all(Array.from({ length: 5 }, () => rotateKeys(deps, { when: 'now' })));
    expect(new Set(made.map((key) => key?.kid)).size).toBe(1);
    expect(await deps.store.list()).toHaveLength(2);
  });

  it('bounds how many keys are published', async () => {
    const { deps, advance } = setUp();
    const fast = { ...deps, policy: { ...POLICY, publishLeadMs: 1, retainMs: 10_000_000 } };
    for (let i = 0; i < 64; i += 1) {
      await rotateKeys(fast, { when: 'now' });
      await advance(2);
    }
    await expect(rotateKeys(fast, { when: 'now' })).rejects.toMatchObject({ code: 'too_many_keys' });
  });

  it('forgets keys that are long over', async () => {
    const { deps, advance } = setUp();
    await rotateKeys(deps, { when: 'now' });
    await rotateKeys(deps, { when: 'now' });
    await advance(30 * 24 * 3_600_000);
    await rotateKeys(deps, { when: 'now' });
    expect(await phases(deps)).toEqual(['current', 'next']);
  });
});

describe('withdrawal (P2.2)', () => {
  it('ends the key and every token it signed at once; another signs on', async () => {
    const { deps, keys, advance, mint, verify } = setUp();
    const first = await rotateKeys(deps, { when: 'now' });
    await keys.reload();
    const token = await mint();
    expect(await verify(token)).toBe('accepted');
    await withdrawKey(deps, first!.kid);
    await advance(0);
    expect(await verify(token)).toBe('token_key_unknown');
    expect(keys.published().map(({ kid }) => kid)).not.toContain(first!.kid);
    expect(await verify(await mint())).toBe('accepted');
    expect(await phases(deps)).toEqual(['gone', 'current']);
  });

  it('lets a waiting successor sign at once rather than making another', async () => {
    const { deps, keys } = setUp();
    const first = await rotateKeys(deps, { when: 'now' });
    const next = await rotateKeys(deps, { when: 'now' });
    await withdrawKey(deps, first!.kid);
    await keys.reload();
    expect(keys.current().kid).toBe(next!.kid);
  });

  it('refuses unknown and withdrawn keys', async () => {
    const { deps } = setUp();
    const key = await rotateKeys(deps, { when: 'now' });
    await expect(withdrawKey(deps, 'nope')).rejects.toMatchObject({ code: 'key_not_found' });
    await withdrawKey(deps, key!.kid);
    await expect(withdrawKey(deps, key!.kid)).rejects.toMatchObject({ code: 'key_withdrawn' });
  });
});

describe('private keys at rest', () => {
  it('are sealed; nothing of them is readable in the store', async () => {
    const { deps } = setUp();
    await rotateKeys(deps, { when: 'now' });
    const text = JSON.stringify(await deps.store.list());
    expect(text).not.toMatch(/PRIVATE|"d":/);
    const [key] = await deps.store.list();
    expect(Buffer.from(key!.sealedPrivateKey, 'base64').toString('latin1')).not.toContain('PRIVATE');
  });

  it('are re-encrypted under a new key-encryption key, after which the old one is not needed', async () => {
    const { deps } = setUp();
    await rotateKeys(deps, { when: 'now' });
    const newKek = randomBytes(32);
    const both = setUp([newKek, KEK], deps.store);
    expect(await reencryptKeys(both.deps)).toBe(1);
    expect(await reencryptKeys(both.deps)).toBe(0);
    const onlyNew = setUp([newKek], deps.store);
    await onlyNew.keys.reload();
    expect(onlyNew.keys.current()).toBeDefined();
  });

  it('do not open without their key-encryption key, and the error says what to do', async () => {
    const { deps } = setUp();
    await rotateKeys(deps, { when: 'now' });
    const stranger = setUp([randomBytes(32)], deps.store);
    await expect(stranger.keys.reload()).rejects.toThrow(/KEY_ENCRYPTION_KEY_PREVIOUS/);
    await expect(reencryptKeys(stranger.deps)).rejects.toThrow(/KEY_ENCRYPTION_KEY_PREVIOUS/);
  });

  it('do not open when altered, or in another key’s row', async () => {
    const { deps } = setUp();
    const [a, b] = [await rotateKeys(deps, { when: 'now' }), await rotateKeys(deps, { when: 'now' })];
    const altered = (a!.sealedPrivateKey.startsWith('A') ? 'B' : 'A') + a!.sealedPrivateKey.slice(1);
    for (const sealedPrivateKey of [b!.sealedPrivateKey, altered, '', 'AAAA']) {
      const store = createMemoryKeyStore();
      await store.exclusively((transaction) => transaction.insert({ ...a!, sealedPrivateKey }));
      await expect(setUp([KEK], store).keys.reload()).rejects.toThrow();
    }
  });
});
