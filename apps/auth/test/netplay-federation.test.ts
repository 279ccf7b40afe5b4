import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import { adminEnv } from '../src/config.js';
import { answerOf } from '../src/cli/command.js';
import { netplayFederation } from '../src/cli/federation-command.js';
import { ADMIN_KEY } from './support/auth.js';
import { startProxy, startTestInstance, type TestInstance } from './support/instances.js';

const disposers = createDisposers();
const LOOPBACK = ['--allow-http', '--allow-private-addresses'];
const PLAYER = 'p'.repeat(22);
let a: TestInstance;
let b: TestInstance;
beforeAll(async () => {
  const postgres: PostgresServer = disposers.use(await startPostgresServer());
  const start = async () =>
    disposers.use(await startTestInstance({ databaseUrl: await postgres.createDatabase() }));
  [a, b] = [await start(), await start()];
});
afterAll(() => disposers.closeAll());

const run = (instance: TestInstance, args: readonly string[], key = ADMIN_KEY) =>
  answerOf(netplayFederation, [...args], () => adminEnv({ AUTH_URL: instance.auth.url, ADMIN_API_KEY: key }));
/** What a command that succeeds prints. */
async function output(instance: TestInstance, ...args: string[]): Promise<string> {
  const answer = await run(instance, args);
  expect(answer).toEqual({ exitCode: 0, output: expect.any(String) });
  return answer.output;
}
const thumbprintsIn = (text: string) => text.match(/\b[\w-]{43}\b/g) ?? [];

describe('netplay-federation (P2.7)', () => {
  it('leads two administrators from an invitation to trust', async () => {
    const identity = await output(a, 'identity');
    expect(identity).toMatch(new RegExp(`^${a.issuer}\n  ES256  [\\w-]{43}\n$`));
    const [ofA = ''] = thumbprintsIn(identity);
    const [ofB = ''] = thumbprintsIn(await output(b, 'identity'));

    const invited = await output(a, 'invite', 'Bea’s games', '--permit', 'list,join', ...LOOPBACK);
    const [invitation = ''] = invited.split('\n');
    expect(invited).toContain('Holds a secret');
    const accepted = await output(b, 'accept', invitation, '--label', 'Ada’s games', ...LOOPBACK);
    expect(accepted).toContain(`${a.issuer} is registered and pending.`);
    expect(accepted).toContain('our players may: rooms:list, rooms:join.');
    expect(thumbprintsIn(accepted)).toEqual([ofA, ofB]);
    expect(await output(b, 'list')).toMatch(new RegExp(`pending +${a.issuer} +Ada’s games +nothing\n$`));

    const unsure = await run(b, ['activate', a.issuer]);
    expect(unsure.exitCode).toBe(64);
    expect(unsure.output).toMatch(/--thumbprint and the value/);
    expect(thumbprintsIn(unsure.output)).toEqual([ofA, ofB]);
    const wrong = await run(b, ['activate', a.issuer, '--thumbprint', ofB]);
    expect(wrong).toEqual({ exitCode: 1, output: expect.stringContaining('do not activate it') });
    expect(await output(b, 'activate', a.issuer, '--thumbprint', ofA)).toContain(`${a.issuer} is active.`);
    expect(await output(a, 'activate', `${b.issuer}/`, '--thumbprint', ofB)).toContain('is active.');
    expect(thumbprintsIn(await output(b, 'keys', a.issuer))).toEqual([ofA]);
  });

  it('changes what one may do, and takes it back', async () => {
    const id = (await output(b, 'list')).split(' ')[0] ?? '';
    const shown = async () => JSON.parse(await output(b, 'show', id)) as Record<string, unknown>;
    expect(await output(b, 'permit', id, 'list,rooms:create')).toContain('may: rooms:list, rooms:create.');
    expect(await shown()).toMatchObject({ permissions: ['rooms:list', 'rooms:create'], state: 'active' });
    expect(await output(b, 'permit', id, 'none')).toContain('may: nothing.');
    await output(b, 'ban', id, PLAYER);
    await output(b, 'ban', id, PLAYER);
    expect(await shown()).toMatchObject({ permissions: [], banned_players: [PLAYER] });
    await output(b, 'unban', id, PLAYER);
    expect(await shown()).toMatchObject({ banned_players: [] });
    expect(await output(b, 'suspend', id)).toContain('is suspended.');
    // Its keys were compared before; to let it back in, it need not even be there.
    expect(await output(b, 'activate', id)).toBe(`${a.issuer} is active.\n`);
    expect(await shown()).toMatchObject({ state: 'active' });
    expect(await output(b, 'remove', id)).toContain('is forgotten.');
    expect(await output(b, 'list')).toBe('No other instance is registered here.\n');
  });

  it('sets other terms, each by itself', async () => {
    const issuer = 'https://d.example.org';
    await b.admin('post', '/issuers').send({ issuer, label: 'D' });
    const set = (...args: string[]) => output(b, 'set', issuer, ...args);
    await set('--label', 'Dora’s games', '--visits', 'no');
    await set('--sockets', '7', '--rooms', '3', '--entries', '30');
    const fingerprint = `sha256 Fingerprint=${'AB:'.repeat(31)}AB`;
    const [, told] = [await set('--certificate-sha256', fingerprint), await set('--rooms', '4')];
    expect(JSON.parse(told)).toMatchObject({
      ...{ label: 'Dora’s games', players_may_visit: false, certificate_sha256: 'ab'.repeat(32) },
      quotas: { sockets: 7, rooms: 4, entries_per_minute: 30 },
    });
    expect(JSON.parse(await set('--certificate-sha256', 'none'))).toMatchObject({ certificate_sha256: null });
    expect(await run(b, ['set', issuer])).toEqual({
      exitCode: 64,
      output: expect.stringContaining('Say what to set: --label'),
    });
    expect((await run(b, ['set', issuer, '--visits', 'maybe'])).output).toContain('--visits is yes or no.');
    expect((await run(b, ['set', issuer, '--sockets', 'many'])).exitCode).toBe(1);
    await output(b, 'remove', issuer);
  });

  it('says so when somebody else was faster', async () => {
    const issuer = await b.admin('post', '/issuers').send({ issuer: 'https://c.example.org', label: 'C' });
    const path = `/issuers/${issuer.body.id as string}`;
    // Another administrator changes it right after it was read.
    const proxy = disposers.use(await startProxy());
    proxy.forwardTo(b.auth.url);
    proxy.beforeAnswer(async (url, method) => {
      if (method !== 'GET' || url !== `/api/admin${path}`) return;
      await b.admin('put', path).set('if-match', '*').send(issuer.body);
    });
    const answer = await run(b, ['permit', 'https://c.example.org', 'list', '--url', proxy.url]);
    expect(answer).toEqual({
      exitCode: 1,
      output: expect.stringContaining('Somebody has changed this issuer'),
    });
  });

  it.each([
    ['no command', [], 64, /netplay-federation identity/],
    ['an unknown command', ['explode'], 64, /no command "explode"/],
    ['a missing instance', ['activate'], 64, /^Not the words that activate takes.*activate <instance>/s],
    ['a label without quotes', ['invite', 'Bea', 'games'], 64, /quote what has blanks/],
    ['too many words', ['list', 'all'], 64, /netplay-federation list/],
    ['an unknown option', ['list', '--force'], 64, /^Unknown option '--force'; without/],
    ['an option of another command', ['list', '--thumbprint', 'x'], 64, /list takes no --thumbprint/],
    ['an instance that is not registered', ['show', 'https://z.example.org'], 1, /not registered here/],
    ['an unknown permission', ['invite', 'Bea', '--permit', 'list,fly'], 64, /"fly" is no permission/],
    [
      'an unusable fingerprint',
      ['invite', 'Bea', '--certificate-sha256', 'a=b'],
      1,
      /^certificate_sha256: must/,
    ],
    ['a file that is not there', ['invite', 'Bea', '--ca-certificate', '/nowhere'], 64, /cannot be read/],
    ['something that is no invitation', ['accept', 'hello'], 1, /all of the line/],
    ['nobody at the URL', ['list', '--url', 'http://127.0.0.1:1'], 69, /Is auth running there/],
  ] as const)('explains %s', async (_what, args, exitCode, words) => {
    const answer = await run(a, args);
    expect(answer).toEqual({ exitCode, output: expect.stringMatching(words) });
    expect(answer.output).not.toContain(ADMIN_KEY);
  });

  it.each([
    ['no admin key', '', 64],
    ['a wrong one', 'wrong', 1],
  ])('explains %s', async (_what, key, exitCode) => {
    const answer = await run(a, ['list'], key);
    expect(answer).toEqual({ exitCode, output: expect.stringContaining('ADMIN_API_KEY') });
  });
});
