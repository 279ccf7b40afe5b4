import type { RegisteredIssuer } from '@romm-netplay/protocol';
import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type Audit, type Handlers, matchesEntityTag } from '@romm-netplay/service-kit';
import { findIssuer } from '../federation/find-issuer.js';
import type { IssuerAdminDeps } from '../federation/issuer-admin.js';
import { issuerIdOf } from '../federation/issuer-id.js';
import { issuerTag } from '../federation/issuer-precondition.js';
import { registerIssuer } from '../federation/register-issuer.js';
import { removeIssuer } from '../federation/remove-issuer.js';
import { replaceIssuer } from '../federation/replace-issuer.js';
import type { Caller } from './server-access.js';

export interface IssuerHandlersDeps extends IssuerAdminDeps {
  /** Tells the log who changed what. */
  readonly onAdminChange: Audit;
}

type IssuerOperations = 'listIssuers' | 'createIssuer' | 'getIssuer' | 'replaceIssuer' | 'removeIssuer';

/** Other instances as an administrator manages them (P2.4). */
export function createIssuerHandlers(
  deps: IssuerHandlersDeps,
): Handlers<Pick<typeof AUTH_API, IssuerOperations>, Caller> {
  const { onAdminChange } = deps;
  return {
    async listIssuers({ headers: { 'if-none-match': ifNoneMatch } }) {
      const { version, issuers } = await deps.issuers.list();
      const etag = issuerTag({ version });
      const status = matchesEntityTag(ifNoneMatch, etag) ? 304 : 200;
      return { body: { issuers: issuers.map(listed) }, headers: { etag }, status };
    },

    async createIssuer({ body, caller: { admin } }) {
      const issuer = await registerIssuer(deps, body);
      onAdminChange('issuer.registered', { ...audited(issuer), by: admin });
      return { body: listed(issuer), headers: { etag: issuerTag(issuer) } };
    },

    async getIssuer({ params: { id }, headers: { 'if-none-match': ifNoneMatch } }) {
      const issuer = await findIssuer(deps, id);
      const etag = issuerTag(issuer);
      return {
        body: listed(issuer),
        headers: { etag },
        status: matchesEntityTag(ifNoneMatch, etag) ? 304 : 200,
      };
    },

    async replaceIssuer({
      params: { id },
      body: changed,
      headers: { 'if-match': ifMatch },
      caller: { admin },
    }) {
      const issuer = await replaceIssuer(deps, { id, ifMatch, changed });
      onAdminChange('issuer.changed', { ...audited(issuer), by: admin });
      return { body: listed(issuer), headers: { etag: issuerTag(issuer) } };
    },

    async removeIssuer({ params: { id }, headers: { 'if-match': ifMatch }, caller: { admin } }) {
      const issuer = await removeIssuer(deps, { id, ifMatch });
      onAdminChange('issuer.removed', { issuer, by: admin });
      return { body: { ok: true } };
    },
  };
}

const listed = (issuer: RegisteredIssuer) => ({ ...issuer, id: issuerIdOf(issuer.issuer) });

/** All that decides who is trusted; of certificates, whether there are any. */
const audited = (issuer: RegisteredIssuer) => ({
  issuer: issuer.issuer,
  state: issuer.state,
  permissions: issuer.permissions,
  pinned_kids: issuer.pinned_keys.map(({ kid }) => kid),
  private_ca: issuer.ca_certificate !== null,
  certificate_sha256: issuer.certificate_sha256,
  allow_private_addresses: issuer.allow_private_addresses,
});
