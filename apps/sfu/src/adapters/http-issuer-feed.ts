import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type IssuerFeed, type IssuerList, StateUnavailableError } from '@romm-netplay/shared-state';
import type { AuthApiClient } from './auth-api-client.js';
import { assertOk } from './auth-failure.js';

/** The registered issuers, from auth's internal endpoint (mode A3). The list is sent only when it has changed. */
export function createHttpIssuerFeed(auth: AuthApiClient): IssuerFeed {
  let known: IssuerList | undefined;

  async function list(): Promise<IssuerList> {
    const query = known === undefined ? '' : `?version=${known.version}`;
    const { status, body } = await auth.get(`${AUTH_API.listTrustedIssuers.path}${query}`);
    const reply = AUTH_API.listTrustedIssuers.reply.safeParse(body).data;
    assertOk(status, body);
    if (reply === undefined)
      throw new StateUnavailableError({ cause: new Error('auth answered no issuers') });
    const { version, issuers } = reply;
    if (issuers !== undefined) known = { version, issuers };
    if (known?.version === version) return known;
    throw new StateUnavailableError({ cause: new Error('auth left out a list that is not known here') });
  }

  return { list, version: async () => (await list()).version };
}
