import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type AdminClient, type Command, CommandError, EX_USAGE, noSuchCommand, tableOf } from './command.js';

const usage = `netplay-users: the players of a running auth service

  netplay-users list                          show the accounts of this server
  netplay-users create <name> [--admin]       create an account; prints its first password, once
  netplay-users enable|disable <name>         let an account sign in, or not; its sessions end
  netplay-users role <name> player|admin      change what an account may do; its sessions end
  netplay-users reset-password <name>         print a new password, once; its sessions end
  netplay-users delete <name>                 delete an account; its sessions end
  netplay-users sign-out <name>               end every session of a player
  netplay-users release <sub>                 let another RomM user have a former user's identity

sign-out takes the name of an account here or, for players of RomM, their sub: the netplay id or username there.
Options: --url <auth>   default: AUTH_URL, or http://127.0.0.1:3100
         --sub          of sign-out: what is given is a sub, though an account here has the same name
         --help, -h     show this
The admin key is read from ADMIN_API_KEY or ADMIN_API_KEY_FILE (never from the command line).
`;

type Values = Readonly<Record<string, unknown>>;
type Action = (
  client: AdminClient,
  name: string,
  extra: string | undefined,
  values: Values,
) => Promise<string>;

const update =
  (change: object, done: string): Action =>
  async (client, username) => {
    await client.call(AUTH_API.updateUser, { username, ...change });
    return `${username} ${done}.\n`;
  };

/** The options of each action; what another one takes is a slip. */
const OPTIONS: Readonly<Record<string, string>> = { admin: 'create', sub: 'sign-out' };

const ACTIONS: Readonly<Record<string, Action>> = {
  async create(client, username, _extra, { admin }) {
    const body = { username, role: admin === true ? 'admin' : 'player' };
    const { password } = await client.call(AUTH_API.createUser, body);
    return `Created ${username}. First password, shown only now: ${password}\n`;
  },
  enable: update({ enabled: true }, 'may sign in'),
  disable: update({ enabled: false }, 'may not sign in any more'),
  async role(client, username, role) {
    await client.call(AUTH_API.updateUser, { username, role });
    return `${username} is ${role ?? ''} now.\n`;
  },
  async delete(client, username) {
    const { ended } = await client.call(AUTH_API.deleteUser, { username });
    return `Deleted ${username}; ended ${ended} session(s).\n`;
  },
  async 'reset-password'(client, username) {
    const { password } = await client.call(AUTH_API.resetPassword, { username });
    return `New password of ${username}, shown only now: ${password}\n`;
  },
  'sign-out': signOut,
  async release(client, sub) {
    await client.call(AUTH_API.releaseIdentity, { sub });
    return `${sub} is free; the next RomM user who goes by it has it.\n`;
  },
};

async function signOut(client: AdminClient, name: string, _extra: unknown, values: Values): Promise<string> {
  const { users } = await client.call(AUTH_API.listUsers);
  const wanted = name.toLowerCase();
  const isSub = values['sub'] === true;
  const account = isSub ? undefined : users.find(({ username }) => username.toLowerCase() === wanted);
  const { ended } = await client.call(AUTH_API.signOutPlayer, { sub: account?.sub ?? name });
  const isKnown = account !== undefined || users.some(({ sub }) => sub === name);
  if (ended === 0 && !isKnown) {
    throw new CommandError(
      `${isSub ? 'Nobody' : `No account here is called ${name}, and nobody`} with the sub ${name} is signed in. Accounts are shown by: netplay-users list`,
      1,
    );
  }
  return `Ended ${ended} session(s) of ${name}.\n`;
}

async function list(client: AdminClient): Promise<string> {
  const { users } = await client.call(AUTH_API.listUsers);
  if (users.length === 0) return 'There is no account here.\n';
  return tableOf(
    users.map(({ username, role, enabled, created_at: created }) => [
      username,
      role,
      enabled ? 'enabled' : 'disabled',
      `created ${created}`,
    ]),
  );
}

export const netplayUsers: Command = {
  usage,
  options: { admin: { type: 'boolean' }, sub: { type: 'boolean' } },
  async run({ positionals: [command = '', name, extra, ...rest], values }, client) {
    const misfit = Object.keys(OPTIONS).find(
      (option) => values[option] === true && OPTIONS[option] !== command,
    );
    if (misfit !== undefined) throw new CommandError(`${command} takes no --${misfit}.`, EX_USAGE);
    if (command === 'list' && name === undefined) return list(client);
    const action = Object.hasOwn(ACTIONS, command) ? ACTIONS[command] : undefined;
    if (action === undefined && command !== 'list') throw noSuchCommand(command, usage);
    const isOdd = rest.length > 0 || (command === 'role') !== (extra !== undefined);
    if (name === undefined) {
      const needed = command === 'release' ? 'a sub' : 'a name';
      throw new CommandError(`${command} needs ${needed}.\n\n${usage}`, EX_USAGE);
    }
    if (action === undefined || isOdd) throw new CommandError(usage, EX_USAGE);
    return action(client, name, extra, values);
  },
};
