import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DEFAULT_QUOTAS, type IssuerDraft, type RegisteredIssuer } from '@romm-netplay/protocol';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import {
  createTokenIssuer,
  generateSigningKey,
  type SigningKey,
  type Subject,
  type TokenIssuer,
} from '@romm-netplay/token-core';
import { connectPlayer, ISSUER, type Mint, type TestNode, type TestPlayer } from './node.js';

/** Another instance, as far as a node here sees it: the keys that it publishes, and the tokens that it mints. */
export interface HomeInstance extends Mint {
  /** A real http URL on this machine. */
  readonly issuer: string;
  readonly key: SigningKey;
  readonly tokens: TokenIssuer;
  /** How often its keys were asked for. */
  readonly requests: number;
  /** From now on its key set is not answered, until it is called again with false. */
  hang(hanging?: boolean): void;
  connect(node: Pick<TestNode, 'sfu'>, name?: string, subject?: Subject): Promise<TestPlayer>;
  close(): Promise<void>;
}

/** What a home may have of others: two instances choose their keys and ids by themselves. */
export interface HomeOptions {
  readonly key?: SigningKey;
  /** Of its URL. */
  readonly path?: string;
  readonly now?: () => number;
}

export async function startHome({
  path = '',
  now = Date.now,
  ...options
}: HomeOptions = {}): Promise<HomeInstance> {
  const key = options.key ?? (await generateSigningKey('ES256'));
  let requests = 0;
  let hanging = false;
  const server = createServer((request, response) => {
    requests += 1;
    if (hanging) return;
    const found = request.url === `${path}/.well-known/jwks.json`;
    const body = found ? { keys: [key.publicJwk] } : {};
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const tokens = createTokenIssuer({ issuer, signingKey: () => key, now });
  const readToken = async (subject: Subject) => (await tokens.issueReadToken(subject, ISSUER)).token;
  const writeToken = async (subject: Subject) => (await tokens.issueWriteToken(subject, ISSUER)).token;

  return {
    ...{ issuer, key, tokens, readToken, writeToken },
    get requests() {
      return requests;
    },
    hang: (on = true) => void (hanging = on),
    connect: ({ sfu }, name = 'Guest', subject = { sub: randomUUID(), netplayUsername: name }) =>
      connectPlayer(sfu, subject, { readToken, writeToken }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

export type Terms = Partial<Omit<IssuerDraft, 'issuer'>>;

/** An active issuer with every permission, reachable as a home here is. */
export const draftOf = (issuer: string, terms: Terms = {}): IssuerDraft => ({
  issuer,
  label: 'Home',
  permissions: ['rooms:list', 'rooms:join', 'rooms:create'],
  pinned_keys: [],
  ca_certificate: null,
  certificate_sha256: null,
  allow_http: true,
  allow_private_addresses: true,
  subject: 'pairwise',
  players_may_visit: true,
  quotas: DEFAULT_QUOTAS,
  banned_players: [],
  state: 'active',
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  ...terms,
});

/** Publishes a change as auth does: the whole list, under the version of the change. */
async function publish(
  { issuers }: Pick<SharedState, 'issuers'>,
  change: (held: readonly RegisteredIssuer[], version: number) => RegisteredIssuer[],
): Promise<void> {
  const held = await issuers.list();
  // Not below the time: no version of before a restart comes again.
  const version = Math.max(held.version + 1, Date.now());
  await issuers.publish({ version, issuers: change(held.issuers, version) });
}

/** Registers an instance, or puts other terms in the place of those that it has. */
export const register = (
  state: Pick<SharedState, 'issuers'>,
  { issuer }: Pick<HomeInstance, 'issuer'>,
  terms: Terms = {},
): Promise<void> =>
  publish(state, (held, version) => [
    ...held.filter((record) => record.issuer !== issuer),
    { ...draftOf(issuer, terms), version },
  ]);

export const unregister = (
  state: Pick<SharedState, 'issuers'>,
  { issuer }: Pick<HomeInstance, 'issuer'>,
): Promise<void> => publish(state, (held) => held.filter((record) => record.issuer !== issuer));

/** A state that has remembered first uses for long enough to be sure of any token. */
export const oldState = (): SharedState => ({
  ...createMemoryState(),
  firstUses: createMemoryState({ now: () => Date.now() - 60_000 }).firstUses,
});
