#!/usr/bin/env node
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type AdminClient, type Command, CommandError, EX_USAGE, runCommand, tableOf } from './command.js';

const usage = `netplay-users: the players of a running auth service

  netplay-users list                          show the accounts of this server
  netplay-users create <name> [--admin]       create an account; prints its first password, once
  netplay-users enable|disable <name>         let an account sign in, or not; its sessions end
  netplay-users role <name> player|admin      change what an account may do; its sessions end
  netplay-users reset-password <name>         print a new password, once; its sessions end
  netplay-users sign-out <sub>                end every session of a player
  netplay-users release <sub>                 let another RomM user have a former user's identity

Options: --url <auth>   default: AUTH_URL, or http://127.0.0.1:3100
The admin key is read from ADMIN_API_KEY or ADMIN_API_KEY_FILE (never from the command line).
`;

type Action = (
  client: AdminClient,
  name: string,
  extra: string | undefined,
  admin: boolean,
) => Promise<string>;

const update =
  (change: object, done: string): Action =>
  async (client, username) => {
    await client.call(AUTH_API.updateUser, { username, ...change });
    return `${username} ${done}.\n`;
  };

const ACTIONS: Readonly<Record<string, Action>> = {
  async create(client, username, _extra, admin) {
    const body = { username, role: admin ? 'admin' : 'player' };
    const { password } = await client.call(AUTH_API.createUser, body);
    return `Created ${username}. First password, shown only now: ${password}\n`;
  },
  enable: update({ enabled: true }, 'may sign in'),
  disable: update({ enabled: false }, 'may not sign in any more'),
  async role(client, username, role) {
    await client.call(AUTH_API.updateUser, { username, role });
    return `${username} is ${role ?? ''} now.\n`;
  },
  async 'reset-password'(client, username) {
    const { password } = await client.call(AUTH_API.resetPassword, { username });
    return `New password of ${username}, shown only now: ${password}\n`;
  },
  async 'sign-out'(client, sub) {
    const { ended } = await client.call(AUTH_API.signOutPlayer, { sub });
    return `Ended ${ended} session(s) of ${sub}.\n`;
  },
  async release(client, sub) {
    await client.call(AUTH_API.releaseIdentity, { sub });
    return `${sub} is free; the next RomM user who goes by it has it.\n`;
  },
};

async function list(client: AdminClient): Promise<string> {
  const { users } = await client.call(AUTH_API.listUsers);
  return tableOf(
    users.map(({ username, role, enabled, created_at: created }) => [
      username,
      role,
      enabled ? 'enabled' : 'disabled',
      `created ${created}`,
    ]),
  );
}

const netplayUsers: Command = {
  usage,
  options: { admin: { type: 'boolean' } },
  async run({ positionals: [command = '', name, extra, ...rest], values }, client) {
    if (command === 'list' && name === undefined) return list(client);
    const action = Object.hasOwn(ACTIONS, command) ? ACTIONS[command] : undefined;
    const misfit = rest.length > 0 || (command === 'role') !== (extra !== undefined);
    if (action === undefined || name === undefined || misfit) throw new CommandError(usage, EX_USAGE);
    return action(client, name, extra, values['admin'] === true);
  },
};

await runCommand(netplayUsers);
