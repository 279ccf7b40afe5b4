/** Who holds a netplay identity is looked up again, whatever the clock was (S4, S6). */
import { expect, it } from '@jest/globals';
import { holdingIdentities } from '../src/identity/held-identities.js';
import type { HeldIdentityStore } from '../src/identity/held-identities.js';
import type { IdentityProvider } from '../src/ports.js';

it('is remembered for a minute, and for no longer because the clock was hours ahead', async () => {
  let nowMs = 1_800_000_000_000;
  let looked = 0;
  const store = { hold: () => Promise.resolve((looked += 1) > 0) } as unknown as HeldIdentityStore;
  const ada = { sub: 'ada', netplayUsername: 'Ada', role: 'player', externalId: '1' };
  const provider = {
    name: 'romm',
    identify: () => Promise.resolve(ada),
    renew: () => Promise.resolve(ada),
  } as unknown as IdentityProvider;
  const { identify } = holdingIdentities(provider, { store, now: () => nowMs });
  const lookedAfter = async (changeMs: number) => {
    nowMs += changeMs;
    await identify({});
    return looked;
  };
  expect(await lookedAfter(0)).toBe(1);
  expect(await lookedAfter(59_999)).toBe(1);
  expect(await lookedAfter(1)).toBe(2);
  expect(await lookedAfter(5 * 3_600_000)).toBe(3);
  expect(await lookedAfter(-5 * 3_600_000)).toBe(4);
});
