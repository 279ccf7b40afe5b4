import { randomInt } from 'node:crypto';
import { createDisposers } from '@romm-netplay/testing';
import { encodePost, type HttpConnection } from './http-load.js';
import { type Contender, interleave, quantile } from './interleave.js';
import { newPlayers, openConnections, startAuth } from './services.js';
import { formatMs, formatRatio, formatSpread, type Report } from './table.js';

const ALONE = 'nobody signs in';
const UNDER = '300 sign in at once';
const LOGINS = 300;
const TOKENS = 100;

/** What 300 wrong passwords at a time cost whoever mints a token: both take threads of the same pool. */
export async function benchLogins(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const auth = await startAuth(disposers, { IDENTITY_PROVIDERS: 'dev,local', TRUSTED_PROXIES: 'loopback' });
    const connections = await openConnections(disposers, auth.url, LOGINS);
    await auth.mint('write', newPlayers(TOKENS));

    async function mintOneByOne(): Promise<number[]> {
      const latencies: number[] = [];
      for (const player of newPlayers(TOKENS)) {
        const startedAt = performance.now();
        await auth.mint('write', [player]);
        latencies.push(performance.now() - startedAt);
      }
      return latencies;
    }
    const contenders = [
      contender(ALONE, mintOneByOne),
      contender(UNDER, async () => {
        const logins = Promise.all(connections.map((connection) => tryToSignIn(connection, auth.url)));
        const latencies = await mintOneByOne();
        await logins;
        return latencies;
      }),
    ];
    const results = await interleave(contenders, { rounds: 7, warmUpRounds: 1, onRound });
    const rows = results.names.map((name) => [
      name,
      formatMs(results.median(name, 'p50Ms')),
      formatSpread(results.spread(name, 'p50Ms')),
      formatMs(results.median(name, 'p99Ms')),
      formatRatio(results.ratio(name, ALONE, 'p99Ms')),
    ]);
    const columns = [
      `${TOKENS} write tokens, one after another`,
      'p50 ms',
      'spread',
      'p99 ms',
      'p99 to alone',
    ];
    return { title: 'Minting while people sign in', tables: [{ columns, rows }], aims: [] };
  } finally {
    await disposers.closeAll();
  }
}

/** From an address of its own, so that no limit but that of passwords at a time is met. */
async function tryToSignIn(connection: HttpConnection, authUrl: string): Promise<void> {
  const address = [10, randomInt(256), randomInt(256), randomInt(256)].join('.');
  const body = JSON.stringify({ username: `nobody${randomInt(1e9)}`, password: 'a wrong password' });
  const { status } = await connection.send(
    encodePost(`${authUrl}/api/auth/login`, { 'x-forwarded-for': address }, body),
  );
  if (status !== 401 && status !== 503) throw new Error(`Signing in was answered ${status}.`);
}

function contender(name: string, run: () => Promise<number[]>): Contender<'p50Ms' | 'p99Ms'> {
  return {
    name,
    prepare: () => async () => {
      const latencies = await run();
      return { p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
    },
  };
}
