/** An account that is changed while somebody signs in to it (S1, S4). */
import { describe, expect, it } from '@jest/globals';
import type { Account } from '../src/accounts/account-store.js';
import { hashPassword } from '@romm-netplay/service-kit';
import { login, type LoginDeps } from '../src/sign-in/login.js';

const PASSWORD = 'correct horse battery';

/** Signs in while `change` happens to the account between the check of the password and the session. */
async function signInDuring(change: (account: Account) => Account | undefined) {
  const account: Account = {
    ...{ id: '1', username: 'ada', passwordHash: await hashPassword(PASSWORD), role: 'admin' },
    ...{ enabled: true, createdAtMs: 0 },
  };
  const ended: unknown[] = [];
  let now: Account | undefined = account;
  const deps = {
    accounts: {
      findByName: () => Promise.resolve(account),
      findById: () => Promise.resolve(now),
    },
    loginLimits: { attempt: () => Promise.resolve(), succeeded: () => Promise.resolve() },
    providers: [{ name: 'local' }],
    sessions: {
      create: () => {
        now = change(account);
        return Promise.resolve({ ended: 0 });
      },
      end: (which: unknown) => Promise.resolve(ended.push(which)),
    },
    now: () => 0,
    onEnded: () => undefined,
    onLogin: () => undefined,
  } as unknown as LoginDeps;
  const request = { account: { username: 'ada', password: PASSWORD }, credentials: {}, device: undefined };
  const code = await login(deps, { ...request, address: '192.0.2.1' }).then(
    () => 'signed in',
    (error: unknown) => (error as { code: string }).code,
  );
  return { code, ended: ended.length };
}

describe('signing in', () => {
  it('begins a session where nothing has changed', async () => {
    expect(await signInDuring((account) => account)).toEqual({ code: 'signed in', ended: 0 });
  });

  it.each<[string, (account: Account) => Account | undefined]>([
    ['deleted', () => undefined],
    ['disabled', (account) => ({ ...account, enabled: false })],
    ['made a player', (account) => ({ ...account, role: 'player' })],
    ['given another password', (account) => ({ ...account, passwordHash: 'another' })],
  ])('leaves no session behind where the account is %s meanwhile', async (_what, change) => {
    expect(await signInDuring(change)).toEqual({ code: 'wrong_credentials', ended: 1 });
  });
});
