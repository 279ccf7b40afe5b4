import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as pgliteFiles from '@romm-netplay/auth/pglite-files';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { composeStandalone, type Standalone } from '@romm-netplay/standalone/compose';
import { parseConfig } from '@romm-netplay/standalone/config';
import { type Administered, callAdmin } from '@romm-netplay/standalone/demo/administrator';
import { createDisposers, type Disposers, dataDirectory } from '@romm-netplay/testing';
import { generateSigningKey, type PublicJwk } from '@romm-netplay/token-core';
import type { z } from 'zod';

/** One instance of a federation: auth, a node and a page in this process, over a database of its own. */
export interface Member extends Administered {
  readonly sfuUrl: string;
  readonly pageUrl: string;
  readonly standalone: Standalone;
  close(): Promise<void>;
}

export interface MemberOptions {
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startMember({ databaseUrl, redisUrl, env }: MemberOptions = {}): Promise<Member> {
  const disposers = createDisposers();
  const dataDir = await dataDirectory(pgliteFiles);
  disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
  const adminKey = randomUUID();
  const standalone = disposers.use(
    await composeStandalone(
      parseConfig({
        ...{ AUTH_PORT: '0', SFU_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
        ...{ ADMIN_API_KEY: adminKey, SFU_MAX_SOCKETS_PER_ADDRESS: '1000' },
        // So that guests need not wait for the time that clocks may differ, right after the start.
        SFU_AUTH_CLOCK_SKEW_SECONDS: '0',
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
        ...env,
      }),
    ),
  );
  const { auth, sfu, pageUrl } = standalone;
  return {
    ...{ issuer: auth.issuer, authUrl: auth.url, sfuUrl: sfu.url, pageUrl, adminKey, standalone },
    close: () => disposers.closeAll(),
  };
}

export type FederatedRooms = z.output<(typeof AUTH_API)['federatedRooms']['reply']>;

/** What a player of an instance sees. @throws when auth does not answer 200 */
export async function listAt(member: Member, playerId: string = randomUUID()): Promise<FederatedRooms> {
  const response = await fetch(`${member.authUrl}${AUTH_API.federatedRooms.path}`, {
    headers: { authorization: `Bearer ${playerId}` },
  });
  if (!response.ok) throw new Error(`${member.issuer} answered ${response.status}: ${await response.text()}`);
  return AUTH_API.federatedRooms.reply.parse(await response.json());
}

/** An address where another instance should be, and something else is. */
export interface BadPeer {
  readonly issuer: string;
  readonly asked: () => number;
}

export async function startBadPeer(disposers: Disposers, behave: RequestListener): Promise<BadPeer> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked += 1;
    behave(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

let somebodysKey: PublicJwk | undefined;

/** Registers what cannot agree to anything: its key is pinned, so nobody has to look at it. */
export async function registerUnseen(at: Member, issuer: string): Promise<void> {
  somebodysKey ??= (await generateSigningKey('ES256')).publicJwk;
  const terms = { issuer, label: issuer, allow_http: true, allow_private_addresses: true };
  const { body, etag } = await callAdmin(at, 'createIssuer', {
    body: { ...terms, pinned_keys: [somebodysKey] },
  });
  await callAdmin(at, 'replaceIssuer', { id: body.id, ifMatch: etag, body: { ...body, state: 'active' } });
}
