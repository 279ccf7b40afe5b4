import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { type Command, CommandError, EX_USAGE, noSuchCommand, tableOf } from './command.js';

const usage = `netplay-keys: the signing keys of a running auth service

  netplay-keys list              show every key and its phase
  netplay-keys rotate            publish a successor of the current key now
  netplay-keys withdraw <kid>    end a compromised key at once, with every token it signed
  netplay-keys re-encrypt        seal the private keys under the current KEY_ENCRYPTION_KEY

Options: --url <auth>   default: AUTH_URL, or http://127.0.0.1:3100
         --help, -h     show this
The admin key is read from ADMIN_API_KEY or ADMIN_API_KEY_FILE (never from the command line).
`;

const COMMANDS = ['list', 'rotate', 'withdraw', 're-encrypt'];

export const netplayKeys: Command = {
  usage,
  async run({ positionals: [command = '', kid, ...rest] }, client) {
    if (!COMMANDS.includes(command)) throw noSuchCommand(command, usage);
    if (command === 'withdraw' && kid === undefined) {
      throw new CommandError(`withdraw needs a kid.\n\n${usage}`, EX_USAGE);
    }
    if (rest.length > 0 || (command === 'withdraw') !== (kid !== undefined)) {
      throw new CommandError(usage, EX_USAGE);
    }
    switch (command) {
      case 'list': {
        const { keys } = await client.call(AUTH_API.listKeys);
        return tableOf(
          keys.map(({ phase, alg, kid: id, signsFrom, withdrawnAt }) => [
            withdrawnAt === null ? phase : 'withdrawn',
            alg,
            id,
            `signs from ${signsFrom}`,
          ]),
        );
      }
      case 'rotate': {
        const next = await client.call(AUTH_API.rotateKeys);
        return `Published ${next.kid}; it signs from ${next.signs_from}.\n`;
      }
      case 'withdraw':
        await client.call(AUTH_API.withdrawKey, { kid });
        return `Withdrawn ${kid ?? ''}; its tokens are refused from now on.\n`;
      case 're-encrypt': {
        const { reencrypted } = await client.call(AUTH_API.reencryptKeys);
        return `Re-encrypted ${reencrypted} key(s).\n`;
      }
      default:
        throw noSuchCommand(command, usage);
    }
  },
};
