import { createHash } from 'node:crypto';
import { bearerOf } from '@romm-netplay/service-kit';
import type { Identity, IdentityProvider } from '../ports.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const DEV_IDENTITY_WARNING =
  'Development identity is on: whoever sends a UUID as bearer token is signed in as it, without a password. Never use this in production.';

/** Takes a bare persistent id (UUID) for a signed-in player (S3). The configuration refuses it in production. */
export function createDevIdentityProvider(): IdentityProvider {
  return {
    name: 'dev',
    identify({ authorization }) {
      const id = bearerOf(authorization)?.toLowerCase();
      return Promise.resolve(id === undefined ? undefined : identityOf(id));
    },
    renew: (sub) => Promise.resolve(identityOf(sub)),
  };
}

function identityOf(id: string): Identity | undefined {
  if (!UUID.test(id)) return undefined;
  // The id is what signs the player in, so the name others see must not contain it.
  const tag = createHash('sha256').update(id).digest('hex').slice(0, 6);
  return { sub: id, netplayUsername: `Player-${tag}`, role: 'player', externalId: id };
}
