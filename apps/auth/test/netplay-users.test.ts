/** The command for players and accounts (S4). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { answerOf } from '../src/cli/command.js';
import { netplayKeys } from '../src/cli/keys-command.js';
import { netplayUsers } from '../src/cli/users-command.js';
import { adminEnv } from '../src/config.js';
import { ADMIN_KEY, ALICE, startAuth, type TestAuth } from './support/auth.js';
import { sessionClient, type SessionClient } from './support/session-client.js';

let auth: TestAuth;
let client: SessionClient;
beforeAll(async () => {
  const firstAdmin = { username: 'root', password: 'correct horse battery' };
  auth = await startAuth({ identityProviders: ['local', 'dev'], firstAdmin, issuer: undefined });
  client = sessionClient(auth.url);
});
afterAll(() => auth.close());

const run = (...args: string[]) =>
  answerOf(netplayUsers, args, () => adminEnv({ AUTH_URL: auth.url, ADMIN_API_KEY: ADMIN_KEY }));
async function output(...args: string[]): Promise<string> {
  const answer = await run(...args);
  expect(answer).toEqual({ exitCode: 0, output: expect.any(String) });
  return answer.output;
}
const newName = () => `ada-${randomUUID().slice(0, 8)}`;
async function signedIn(name: string) {
  const [, password = ''] = /shown only now: (\S+)/.exec(await output('create', name)) ?? [];
  const { refreshToken = '', body } = await client.login(name, password);
  expect(body.access_token).toBeDefined();
  const refresh = async () =>
    (await client.post('/api/auth/refresh', {}, client.cookie(refreshToken))).status;
  return { password, refresh, sub: body.player.sub };
}

describe('netplay-users', () => {
  it.each([['--help'], ['-h'], ['create', '-h']])(
    'shows what it takes with %s, needing nothing',
    async (...args) => {
      const answer = await answerOf(netplayUsers, [...args], () => adminEnv({}));
      expect(answer).toEqual({ exitCode: 0, output: expect.stringContaining('netplay-users create <name>') });
    },
  );

  it.each([
    ['lst', 'There is no command "lst".'],
    ['toString', 'There is no command "toString".'],
    ['create', 'create needs a name.'],
    ['release', 'release needs a sub.'],
    ['list ada', 'netplay-users: the players'],
  ])('says first what is wrong with %s', async (words, said) => {
    const { exitCode, output: text } = await run(...words.split(' '));
    expect(exitCode).toBe(64);
    expect(text.startsWith(said)).toBe(true);
    expect(text).toContain('netplay-users list ');
  });

  it.each([
    ['lst', 'There is no command "lst".'],
    ['lst it', 'There is no command "lst".'],
    ['withdraw', 'withdraw needs a kid.'],
  ])('has a sibling for keys, which says so of %s, too', async (words, said) => {
    const answer = await answerOf(netplayKeys, words.split(' '), () => adminEnv({}));
    expect(answer).toEqual({
      exitCode: 64,
      output: expect.stringMatching(/\n\nnetplay-keys: the signing keys/),
    });
    expect(answer.output.startsWith(said)).toBe(true);
  });

  it('says of an address without http:// what to write', async () => {
    expect(await run('list', '--url', 'localhost:3210')).toEqual({
      exitCode: 64,
      output: 'localhost:3210 is no URL; write http://localhost:3210.\n',
    });
  });

  it('signs out by username, whatever its case, and by sub', async () => {
    const name = newName();
    const { refresh, password, sub } = await signedIn(name);
    expect(await output('sign-out', name.toUpperCase())).toMatch(/^Ended 1 session/);
    expect(await refresh()).toBe(401);
    await client.login(name, password);
    expect(await output('sign-out', sub)).toMatch(/^Ended 1 session/);
    expect(await output('sign-out', name)).toMatch(/^Ended 0 session/);
  });

  it('takes a sub for a sub, though an account has the same name', async () => {
    await output('create', ALICE);
    await client.loginAs(ALICE);
    expect(await output('sign-out', ALICE)).toMatch(/^Ended 0/);
    expect(await output('sign-out', ALICE, '--sub')).toMatch(/^Ended 1/);
  });

  it('deletes an account, and its sessions end', async () => {
    const name = newName();
    const { password, refresh } = await signedIn(name);
    expect(await output('delete', name)).toBe(`Deleted ${name}; ended 1 session(s).\n`);
    expect(await refresh()).toBe(401);
    expect((await client.login(name, password)).body.code).toBe('wrong_credentials');
    expect(await output('list')).not.toContain(name);
    // The name is free, for somebody who is somebody else.
    expect((await signedIn(name)).sub).toMatch(/^local:/);
  });

  it('does not delete the last administrator', async () => {
    expect(await run('delete', 'root')).toEqual({
      exitCode: 1,
      output: expect.stringMatching(/last enabled administrator/),
    });
    expect(await output('list')).toContain('root');
  });

  it.each([
    [
      ['sign-out', 'nobody-here'],
      1,
      /^No account here is called nobody-here, and nobody with the sub nobody-here/,
    ],
    [['sign-out', 'nobody-here', '--sub'], 1, /^nobody with the sub nobody-here is signed in/i],
    [['delete', 'nobody-here'], 1, /no account of this name; list them with: netplay-users list/],
    [['disable', 'nobody-here'], 1, /no account of this name/],
    [['reset-password', 'nobody-here'], 1, /no account of this name/],
    [['release', 'nobody-here'], 1, /Nobody holds this netplay identity/],
    [['list', '--admin'], 64, /list takes no --admin/],
    [['delete', 'root', '--sub'], 64, /delete takes no --sub/],
    [['delete'], 64, /netplay-users delete <name>/],
    [['explode', 'root'], 64, /netplay-users list/],
  ] as const)('%j is told what is wrong', async (args, exitCode, words) => {
    expect(await run(...args)).toEqual({ exitCode, output: expect.stringMatching(words) });
  });
});
