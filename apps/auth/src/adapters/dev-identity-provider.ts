import { bearerOf } from '@romm-netplay/service-kit';
import { devSubject } from '@romm-netplay/token-core';
import type { Identity, IdentityProvider } from '../ports.js';

export const DEV_IDENTITY_WARNING =
  'Development identity is on (IDENTITY_PROVIDERS has "dev"): whoever sends a UUID as bearer token is signed in as it, without a password. Never use this in production.';

/** Takes a bare persistent id (UUID) for a signed-in player (S3). The configuration refuses it in production. */
export function createDevIdentityProvider(): IdentityProvider {
  return {
    name: 'dev',
    identify: ({ authorization }) => Promise.resolve(identityOf(bearerOf(authorization) ?? '')),
    renew: (sub) => Promise.resolve(identityOf(sub)),
  };
}

function identityOf(id: string): Identity | undefined {
  const subject = devSubject(id);
  return subject && { ...subject, role: 'player', externalId: subject.sub };
}
