import type { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type Audit, type Handlers, matchesEntityTag } from '@romm-netplay/service-kit';
import { findIssuer } from '../federation/find-issuer.js';
import type { IssuerAdminDeps } from '../federation/issuer-admin.js';
import { issuerTag } from '../federation/issuer-precondition.js';
import { describeKey, fetchPublishedKeys } from '../federation/published-keys.js';
import { registerIssuer } from '../federation/register-issuer.js';
import { removeIssuer } from '../federation/remove-issuer.js';
import { replaceIssuer } from '../federation/replace-issuer.js';
import type { Caller } from './server-access.js';
import { auditedIssuer, shownIssuer } from './shown-issuer.js';

export interface IssuerHandlersDeps extends IssuerAdminDeps {
  /** Tells the log who changed what. */
  readonly onAdminChange: Audit;
}

type IssuerOperations =
  'listIssuers' | 'createIssuer' | 'getIssuer' | 'listIssuerKeys' | 'replaceIssuer' | 'removeIssuer';

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
      return { body: { issuers: issuers.map(shownIssuer) }, headers: { etag }, status };
    },

    async createIssuer({ body, caller: { admin } }) {
      const issuer = await registerIssuer(deps, body);
      onAdminChange('issuer.registered', { ...auditedIssuer(issuer), by: admin });
      return { body: shownIssuer(issuer), headers: { etag: issuerTag(issuer) } };
    },

    async getIssuer({ params: { id }, headers: { 'if-none-match': ifNoneMatch } }) {
      const issuer = await findIssuer(deps, id);
      const etag = issuerTag(issuer);
      return {
        body: shownIssuer(issuer),
        headers: { etag },
        status: matchesEntityTag(ifNoneMatch, etag) ? 304 : 200,
      };
    },

    async listIssuerKeys({ params: { id } }) {
      const keys = await fetchPublishedKeys(await findIssuer(deps, id));
      return { body: { keys: keys.map(describeKey) } };
    },

    async replaceIssuer({
      params: { id },
      body: { confirmed_thumbprints: confirmedThumbprints, ...changed },
      headers: { 'if-match': ifMatch },
      caller: { admin },
    }) {
      const issuer = await replaceIssuer(deps, { id, ifMatch, changed, confirmedThumbprints });
      onAdminChange('issuer.changed', { ...auditedIssuer(issuer), by: admin });
      return { body: shownIssuer(issuer), headers: { etag: issuerTag(issuer) } };
    },

    async removeIssuer({ params: { id }, headers: { 'if-match': ifMatch }, caller: { admin } }) {
      const issuer = await removeIssuer(deps, { id, ifMatch });
      onAdminChange('issuer.removed', { issuer, by: admin });
      return { body: { ok: true } };
    },
  };
}
