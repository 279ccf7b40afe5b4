import { constants, randomUUID, sign } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import {
  createTokenIssuer,
  generateSigningKey,
  READ_TOKEN_TTL_SECONDS,
  SIGNING_ALGS,
  type SigningKey,
} from '@romm-netplay/token-core';
import { type Contender, interleave } from './interleave.js';
import { ISSUER } from './services.js';
import { formatMs, formatRate, formatRatio, formatSpread, type Report } from './table.js';

const ROUND_MS = 250;
const IDLE = 'idle loop';
const rawName = (alg: string) => `${alg} crypto.sign`;
const ourName = (alg: string, inFlight: number) => `${alg} ours, ${inFlight} in flight`;
/** One after another, and as many as the thread pool has threads. */
const IN_FLIGHT = [1, 4];

/** Minting read tokens at full rate, giving the event loop a turn after each; raw signing blocks it. */
export async function benchMint(onRound: (done: number, total: number) => void): Promise<Report> {
  const keys = await Promise.all(SIGNING_ALGS.map((alg) => generateSigningKey(alg)));
  const contenders = [
    contender(IDLE, 1, () => undefined),
    ...keys.flatMap((key) => [
      contender(rawName(key.alg), 1, rawMinter(key)),
      ...IN_FLIGHT.map((count) => contender(ourName(key.alg, count), count, ourMinter(key))),
    ]),
  ];
  const results = await interleave(contenders, { rounds: 7, warmUpRounds: 1, onRound });

  const ratioOf = (name: string) => {
    const alg = SIGNING_ALGS.find((candidate) => name.startsWith(candidate));
    return alg === undefined ? '' : formatRatio(results.ratio(name, rawName(alg), 'perSecond'));
  };
  const rows = results.names.map((name) => [
    name,
    name === IDLE ? '' : formatRate(results.median(name, 'perSecond')),
    name === IDLE ? '' : formatSpread(results.spread(name, 'perSecond')),
    ratioOf(name),
    formatMs(results.median(name, 'delayP99Ms')),
  ]);
  return {
    title: 'Minting a read token',
    tables: [{ columns: ['', 'mint/s', 'spread', 'to raw', 'loop delay p99 ms'], rows }],
    aims: [],
  };
}

function contender(
  name: string,
  inFlight: number,
  mint: () => unknown,
): Contender<'perSecond' | 'delayP99Ms'> {
  async function round() {
    // Samples every millisecond and counts that millisecond in: an idle loop is what to compare with.
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const startedAt = performance.now();
    let minted = 0;
    const work = async () => {
      while (performance.now() - startedAt < ROUND_MS) {
        await mint();
        minted += 1;
        await setImmediate();
      }
    };
    await Promise.all(Array.from({ length: inFlight }, work));
    const elapsedMs = performance.now() - startedAt;
    delay.disable();
    return { perSecond: (minted * 1000) / elapsedMs, delayP99Ms: delay.percentile(99) / 1e6 };
  }
  return { name, prepare: () => round };
}

const subject = { sub: randomUUID(), netplayUsername: 'Player 1' };

function ourMinter(key: SigningKey) {
  const issuer = createTokenIssuer({ issuer: ISSUER, signingKey: () => key });
  return () => issuer.issueReadToken(subject, ISSUER);
}

/** The same claims, put together by hand. */
function rawMinter({ alg, kid, privateKey }: SigningKey) {
  const header = encode({ alg, typ: 'JWT', kid });
  const signing = {
    RS256: privateKey,
    PS256: { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    ES256: { key: privateKey, dsaEncoding: 'ieee-p1363' as const },
  }[alg];
  return () => {
    const iat = Math.floor(Date.now() / 1000);
    const { sub, netplayUsername } = subject;
    const payload = encode({
      iss: ISSUER,
      sub,
      aud: ISSUER,
      iat,
      exp: iat + READ_TOKEN_TTL_SECONDS,
      type: 'sfu:read',
      netplay_username: netplayUsername,
    });
    const signed = `${header}.${payload}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), signing).toString('base64url')}`;
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
