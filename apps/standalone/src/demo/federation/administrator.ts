import type { IssuerPermission } from '@romm-netplay/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';

/** An instance whose administrator is at hand. */
export interface Administered {
  readonly issuer: string;
  readonly authUrl: string;
  /** ADMIN_API_KEY of the instance. */
  readonly adminKey: string;
}

type Name = keyof typeof AUTH_API;
interface Sent {
  readonly id?: string;
  readonly body?: object;
  readonly ifMatch?: string | undefined;
}

/** Calls the admin API of an instance. @throws Error with what it answered unless that is 2xx */
export async function callAdmin<N extends Name>(
  { authUrl, adminKey }: Administered,
  name: N,
  { id = '', body, ifMatch }: Sent = {},
): Promise<{ readonly body: ReturnType<(typeof AUTH_API)[N]['reply']['parse']>; readonly etag: string }> {
  const { method, path, reply } = AUTH_API[name];
  const request = {
    method: method.toUpperCase(),
    headers: {
      authorization: `Bearer ${adminKey}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(ifMatch !== undefined && { 'if-match': ifMatch }),
    },
    ...(body && { body: JSON.stringify(body) }),
  };
  const response = await untilReady(() => fetch(`${authUrl}${path.replace(':id', id)}`, request));
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} at ${authUrl} answered ${response.status}: ${text}`);
  return { body: reply.parse(JSON.parse(text)) as never, etag: response.headers.get('etag') ?? '' };
}

/** For seconds after its start an instance cannot tell whether an assertion was shown before. */
async function untilReady(call: () => Promise<Response>): Promise<Response> {
  for (let tries = 1; ; tries += 1) {
    const response = await call();
    if (response.status !== 503 || tries === 20) return response;
    await delay(500);
  }
}

export interface Agreement {
  /** What players of each may do at the other. */
  readonly inviterGrants: readonly IssuerPermission[];
  readonly invitedGrants: readonly IssuerPermission[];
}

/** How instances on one machine reach each other. */
const ON_THIS_MACHINE = { allow_http: true, allow_private_addresses: true };

/** Two administrators agree by an invitation, and each confirms the keys of the other (P2.7). */
export async function befriend(
  inviter: Administered,
  invited: Administered,
  { inviterGrants, invitedGrants }: Agreement,
): Promise<void> {
  const { body } = await callAdmin(inviter, 'createInvitation', {
    body: { label: new URL(invited.issuer).host, permissions: inviterGrants, ...ON_THIS_MACHINE },
  });
  await callAdmin(invited, 'acceptInvitation', {
    body: { invitation: body.invitation, permissions: invitedGrants, ...ON_THIS_MACHINE },
  });
  await activate(inviter, invited.issuer);
  await activate(invited, inviter.issuer);
}

/** What an administrator does who has compared the thumbprints. */
async function activate(at: Administered, issuer: string): Promise<void> {
  const { body } = await callAdmin(at, 'listIssuerKeys', { id: await idOf(at, issuer) });
  const confirmed = body.keys.map(({ thumbprint }) => thumbprint);
  await changeIssuer(at, issuer, { state: 'active', confirmed_thumbprints: confirmed });
}

/** Changes some terms of an issuer, as somebody does who has just read them. */
export async function changeIssuer(at: Administered, issuer: string, change: object): Promise<void> {
  const id = await idOf(at, issuer);
  const { body, etag } = await callAdmin(at, 'getIssuer', { id });
  await callAdmin(at, 'replaceIssuer', { id, ifMatch: etag, body: { ...body, ...change } });
}

async function idOf(at: Administered, issuer: string): Promise<string> {
  const { body } = await callAdmin(at, 'listIssuers');
  const found = body.issuers.find((each) => each.issuer === issuer);
  if (found === undefined) throw new Error(`${issuer} is not registered at ${at.issuer}.`);
  return found.id;
}
