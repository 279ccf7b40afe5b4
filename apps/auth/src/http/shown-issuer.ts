import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { issuerIdOf } from '../federation/issuer-id.js';

/** An issuer as administrators see it. */
export const shownIssuer = (issuer: RegisteredIssuer) => ({ ...issuer, id: issuerIdOf(issuer.issuer) });

/** All that decides who is trusted, and how far; of certificates, whether there are any. */
export const auditedIssuer = (issuer: RegisteredIssuer) => ({
  issuer: issuer.issuer,
  state: issuer.state,
  permissions: issuer.permissions,
  pinned_kids: issuer.pinned_keys.map(({ kid }) => kid),
  private_ca: issuer.ca_certificate !== null,
  certificate_sha256: issuer.certificate_sha256,
  allow_private_addresses: issuer.allow_private_addresses,
  subject: issuer.subject,
  players_may_visit: issuer.players_may_visit,
  quotas: issuer.quotas,
  banned_players: issuer.banned_players,
});
