import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, type PostgresServer, startPostgresServer } from '@romm-netplay/testing';
import { adminEnv } from '../src/config.js';
import { answerOf } from '../src/cli/command.js';
import { netplayFederation } from '../src/cli/federation-command.js';
import { ownAddressWarnings } from '../src/cli/own-address-warnings.js';
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
    ['an unknown option', ['list', '--force'], 64, /^Unknown option '--force'; --help shows/],
    ['an option of another command', ['list', '--thumbprint', 'x'], 64, /list takes no --thumbprint/],
    ['an instance that is not registered', ['show', 'https://z.example.org'], 1, /not registered here/],
    ['an unknown permission', ['invite', 'Bea', '--permit', 'list,fly'], 64, /"fly" is no permission/],
    [
      'an unusable fingerprint',
      ['invite', 'Bea', '--certificate-sha256', 'a=b'],
      1,
      /^--certificate-sha256: must/,
    ],
    ['a file that is not there', ['invite', 'Bea', '--ca-certificate', '/nowhere'], 64, /cannot be read/],
    ['something that is no invitation', ['accept', 'hello'], 1, /all of the line/],
    ['nobody at the URL', ['list', '--url', 'http://127.0.0.1:1'], 69, /Is auth running there/],
  ] as const)('explains %s', async (_what, args, exitCode, words) => {
    const answer = await run(a, args);
    expect(answer).toEqual({ exitCode, output: expect.stringMatching(words) });
    expect(answer.output).not.toContain(ADMIN_KEY);
  });

  it.each([['--help'], ['-h'], ['invite', '--help']])(
    'shows what it takes with %s, needing nothing',
    async (...args) => {
      const answer = await answerOf(netplayFederation, [...args], () => adminEnv({}));
      expect(answer).toEqual({
        exitCode: 0,
        output: expect.stringContaining('netplay-federation invite <label>'),
      });
    },
  );

  it('names its own options where the other side, or this one, cannot be called', async () => {
    const invited = await output(a, 'invite', 'Bea', ...LOOPBACK);
    const [invitation = ''] = invited.split('\n');
    const refused = await run(b, ['accept', invitation]);
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toMatch(/--allow-http/);
    const priv = await run(b, ['accept', invitation, '--allow-http']);
    expect(priv.output).toMatch(/--allow-private-addresses/);
    for (const { output: said } of [refused, priv]) expect(said).not.toMatch(/allow_|_addresses/);
    expect(invited).toMatch(/Mind: http:\/\/localhost:\d+ is this machine only\. Set AUTH_ISSUER/);
  });

  it.each([
    ['http://games.example.org', ['203.0.113.5'], [/has no https.*--allow-http/]],
    ['https://games.example.org', ['93.184.216.34'], []],
    ['https://games.lan', ['192.168.1.20'], [/private network.*--allow-private-addresses/]],
    ['http://10.0.0.7:3100', [], [/--allow-http/, /--allow-private-addresses/]],
    ['https://[fd00::7]', [], [/--allow-private-addresses/]],
    ['https://nowhere.example.org', [], [/cannot be looked up from here/]],
    ['http://localhost:3100', ['127.0.0.1'], [/is this machine only.*AUTH_ISSUER/]],
  ] as const)('minds where an inviting instance is: %s', async (issuer, addresses, words) => {
    const resolve = () => Promise.resolve(addresses);
    const warnings = await ownAddressWarnings(`${issuer}#netplay-invitation=abc`, resolve);
    expect(warnings).toEqual(words.map((each) => expect.stringMatching(each)));
    expect(warnings.join()).not.toContain('abc');
  });

  it('takes the four steps of docs/FEDERATION.md as they are written', async () => {
    const page = await readFile(new URL('../../../docs/FEDERATION.md', import.meta.url), 'utf8');
    const [, steps = ''] = /^## Two administrators agree$([\s\S]*?)^\*\*Afterwards/m.exec(page) ?? [];
    const blocks = [...steps.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    const lines = blocks
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('netplay-federation '));
    const inText = [...steps.matchAll(/`netplay-federation (keys [^`]+|identity)`/g)].map(
      ([, words = '']) => words,
    );
    expect([lines.length, inText.length]).toEqual([4, 2]);
    // What is of these instances, in place of the examples.
    const [ofA = '', ofB = ''] = await Promise.all(
      [a, b].map(async (each) => thumbprintsIn(await output(each, 'identity'))[0]),
    );
    // Two that know nothing of each other, whatever was before.
    await Promise.all([run(a, ['remove', b.issuer]), run(b, ['remove', a.issuer])]);
    let invitation = '';
    const wordsOf = (line: string) =>
      (line.replace(/ +#(?! ?netplay-invitation).*$/, '').match(/'[^']*'|"[^"]*"|\S+/g) ?? [])
        .slice(line.startsWith('netplay-federation ') ? 1 : 0)
        .map((word) => word.replace(/^(['"])(.*)\1$/, '$2'))
        .map((word) => (word.includes('#netplay-invitation=') ? invitation : word))
        .map(
          (word) => ({ 'https://a.example.org': a.issuer, 'https://b.example.org': b.issuer })[word] ?? word,
        )
        .map((word) => ({ '5vGd…': ofB, 'k2Qx…': ofA })[word] ?? word);
    const [invite = '', accept = '', atA = '', atB = ''] = lines;
    invitation = (await output(a, ...wordsOf(invite), ...LOOPBACK)).split('\n')[0] ?? '';
    await output(b, ...wordsOf(accept), ...LOOPBACK);
    const [keys = '', identity = ''] = inText;
    expect(thumbprintsIn(await output(a, ...wordsOf(keys)))).toEqual(
      thumbprintsIn(await output(b, identity)),
    );
    expect(await output(a, ...wordsOf(atA))).toContain(`${b.issuer} is active.`);
    expect(await output(b, ...wordsOf(atB))).toContain(`${a.issuer} is active.`);
    for (const [each, other] of [
      [a, b],
      [b, a],
    ] as const)
      await output(each, 'remove', other.issuer);
  });

  it.each([
    ['no admin key', '', 64],
    ['a wrong one', 'wrong', 1],
  ])('explains %s', async (_what, key, exitCode) => {
    const answer = await run(a, ['list'], key);
    expect(answer).toEqual({ exitCode, output: expect.stringContaining('ADMIN_API_KEY') });
  });
});
