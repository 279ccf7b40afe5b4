#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Auth, composeAuth } from '@romm-netplay/auth/compose';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { createCloseStack } from '@romm-netplay/service-kit';
import { composeSfu } from '@romm-netplay/sfu/compose';
import { createMemoryState } from '@romm-netplay/shared-state';
import { parseConfig } from '../config.js';
import { mint } from './auth-calls.js';

/**
 * Rotates the signing key every two seconds while two nodes, which know the keys only from the published
 * set, verify tokens of every age. A single refusal fails it.
 */
const ROTATE_EVERY_MS = 2_000;
const VERIFICATIONS_PER_SECOND = 200;
const MINTS_PER_SECOND = 20;
const ADMIN_KEY = randomUUID();

interface Tally {
  accepted: number;
  readonly refused: Map<string, number>;
  rotations: number;
}

async function start(dataDir: string) {
  const closing = createCloseStack();
  const env = { AUTH_PORT: '0', SFU_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
  const config = parseConfig({ ...env, KEY_PUBLISH_LEAD_SECONDS: '1', ADMIN_API_KEY: ADMIN_KEY });
  const state = createMemoryState();
  const auth = await composeAuth(config.auth, { state });
  closing.defer(() => auth.close());
  const nodes = [];
  for (const nodeId of ['node-a', 'node-b']) {
    const node = await composeSfu(
      { ...config.sfu, nodeId, authIssuer: auth.issuer, authBaseUrl: auth.url },
      { state },
    );
    closing.defer(() => node.close());
    nodes.push(node);
  }
  return { auth, nodes, close: () => closing.close() };
}

async function rotate({ url }: Auth, tally: Tally): Promise<void> {
  const { method, path } = AUTH_API.rotateKeys;
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  if (!response.ok) throw new Error(`Rotating answered ${response.status}: ${await response.text()}`);
  tally.rotations += 1;
}

async function verify(nodeUrl: string, token: string, tally: Tally): Promise<void> {
  const response = await fetch(`${nodeUrl}${SFU_API.listRooms.path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (response.ok) {
    await response.arrayBuffer();
    tally.accepted += 1;
    return;
  }
  const { code } = (await response.json()) as { code: string };
  tally.refused.set(code, (tally.refused.get(code) ?? 0) + 1);
}

/** Calls `work` so many times a second until the time is over; answers when all calls have ended. */
async function repeat(perSecond: number, untilMs: number, work: () => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  for (let next = performance.now(); next < untilMs; next += 1000 / perSecond) {
    await delay(Math.max(0, next - performance.now()));
    const call = work().finally(() => running.delete(call));
    running.add(call);
  }
  await Promise.all(running);
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
const dataDir = await mkdtemp(join(tmpdir(), 'netplay-rotation-'));
const instance = await start(dataDir);
const tally: Tally = { accepted: 0, refused: new Map(), rotations: 0 };
try {
  const tokens = [await mint(instance.auth.url, randomUUID(), 'read')];
  const untilMs = performance.now() + seconds * 1000;
  process.stdout.write(
    `Rotating every ${ROTATE_EVERY_MS / 1000} s for ${seconds} s, ${VERIFICATIONS_PER_SECOND} verifications/s on two nodes ...\n`,
  );
  let turn = 0;
  await Promise.all([
    repeat(1000 / ROTATE_EVERY_MS, untilMs, () => rotate(instance.auth, tally)),
    repeat(MINTS_PER_SECOND, untilMs, async () => {
      tokens.push(await mint(instance.auth.url, randomUUID(), 'read'));
    }),
    repeat(VERIFICATIONS_PER_SECOND, untilMs, () => {
      turn += 1;
      // The newest token, signed by a key the node may never have seen, or one of any age.
      const token = tokens.at(turn % 3 === 0 ? -1 : Math.floor(Math.random() * tokens.length)) ?? '';
      return verify(instance.nodes[turn % 2]?.url ?? '', token, tally);
    }),
    repeat(0.2, untilMs, () => {
      process.stdout.write(
        `  ${tally.rotations} rotations, ${tokens.length} tokens, ${tally.accepted} accepted, ${sum(tally.refused)} refused\n`,
      );
      return Promise.resolve();
    }),
  ]);
} finally {
  await instance.close();
  await rm(dataDir, { recursive: true });
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

const refusals = sum(tally.refused);
process.stdout.write(
  `${tally.rotations} rotations, ${tally.accepted} verifications accepted, ${refusals} refused.\n`,
);
for (const [code, count] of tally.refused) process.stdout.write(`  ${code}: ${count}\n`);
process.exitCode = refusals === 0 && tally.accepted > 0 ? 0 : 1;
