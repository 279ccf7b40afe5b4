import { readFileSync } from 'node:fs';
import { type DescribedKey, ISSUER_PERMISSIONS } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { z } from 'zod';
import { ownAddressWarnings } from './own-address-warnings.js';
import { type AdminClient, type Command, CommandError, EX_USAGE, noSuchCommand, tableOf } from './command.js';

const usage = `netplay-federation: other instances and a running auth service

  netplay-federation identity                  show the URL and the key thumbprints of this instance
  netplay-federation invite <label>            print an invitation for another instance; 15 min, one use
  netplay-federation accept <invitation>       accept one; --label says what it is called here
  netplay-federation list                      show the instances that are registered here
  netplay-federation show <instance>           show one with all its terms
  netplay-federation keys <instance>           show the keys that one publishes now
  netplay-federation activate <instance>       trust one, by --thumbprint <value> for each key, as compared
  netplay-federation suspend <instance>        trust one no more, for now; its players here are put out
  netplay-federation remove <instance>         forget one
  netplay-federation set <instance>            change other terms of one, by the options of set below
  netplay-federation permit <instance> <what>  what its players may do: none, or list,join,create
  netplay-federation ban <instance> <player>   let one of its players in no more; a player_id of a room
  netplay-federation unban <instance> <player>

An instance is named by its URL, or by its id in the list.
Options of invite and accept:
  --permit list,join,create    what its players may do here (default: nothing)
  --plain-subject              let it know our players by their sub here, instead of an id made for it
  --allow-http                 it has no https
  --allow-private-addresses    it is in a private network
  --ca-certificate <file>      PEM of the authority that its certificate is from
  --certificate-sha256 <hex>   fingerprint of its certificate
Options of set:
  --label <text>               what it is called here
  --visits yes|no              whether our players may go there
  --sockets, --rooms <number>  how many of each its players may have on one node
  --entries <number>           rooms that they may open and join a minute
  --ca-certificate <file>, --certificate-sha256 <hex>    as above, or: none
Options: --url <auth>   default: AUTH_URL, or http://127.0.0.1:3100
         --help, -h     show this
The admin key is read from ADMIN_API_KEY or ADMIN_API_KEY_FILE (never from the command line).
`;

type Values = Readonly<Record<string, unknown>>;
type Issuer = z.output<typeof AUTH_API.getIssuer.reply>;

interface Action {
  /** How many words follow the command. */
  readonly words: number;
  /** Options that it takes beside --url. */
  readonly options?: readonly string[];
  run(client: AdminClient, words: readonly string[], values: Values): Promise<string>;
}

const TERMS = [
  'permit',
  'plain-subject',
  'allow-http',
  'allow-private-addresses',
  'ca-certificate',
  'certificate-sha256',
];

function permissionsOf(text: unknown): string[] {
  if (typeof text !== 'string' || text === 'none') return [];
  return text.split(',').map((word) => {
    const what = word.trim().replace(/^rooms:/, '');
    const found = ISSUER_PERMISSIONS.find((permission) => permission === `rooms:${what}`);
    if (found !== undefined) return found;
    throw new CommandError(`"${what}" is no permission; give none, or some of list,join,create.`, EX_USAGE);
  });
}

/** As openssl prints it, or only the digits. */
const fingerprintOf = (text: unknown) => (typeof text === 'string' ? text.replace(/^.*=/, '') : null);

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`${file} cannot be read; give a PEM file.`, EX_USAGE);
  }
}

const termsOf = (values: Values) => ({
  permissions: permissionsOf(values['permit']),
  subject: values['plain-subject'] === true ? 'plain' : 'pairwise',
  allow_http: values['allow-http'] === true,
  allow_private_addresses: values['allow-private-addresses'] === true,
  ca_certificate:
    typeof values['ca-certificate'] === 'string' ? readCertificate(values['ca-certificate']) : null,
  certificate_sha256: fingerprintOf(values['certificate-sha256']),
});

const keyTable = (keys: readonly DescribedKey[]) =>
  tableOf(keys.map(({ alg, thumbprint, kid }) => [`  ${alg}`, thumbprint, kid === thumbprint ? '' : kid]));

/** One of the list, with the version that a change has to name. */
async function find(client: AdminClient, name: string): Promise<{ issuer: Issuer; etag: string }> {
  const { issuers } = await client.call(AUTH_API.listIssuers);
  const wanted = name.replace(/\/+$/, '').toLowerCase();
  const found = issuers.find(({ id, issuer }) => id === name || issuer.toLowerCase() === wanted);
  if (found === undefined) {
    throw new CommandError(`${name} is not registered here; see: netplay-federation list`, 1);
  }
  const { answer: issuer, etag } = await client.read(AUTH_API.getIssuer, { params: { id: found.id } });
  return { issuer, etag };
}

/** Changes what was read; the service refuses (412) if somebody else has changed it meanwhile. */
async function change(client: AdminClient, name: string, changes: (issuer: Issuer) => object) {
  const { issuer, etag } = await find(client, name);
  const options = { params: { id: issuer.id }, ifMatch: etag };
  return client.call(AUTH_API.replaceIssuer, { ...issuer, ...changes(issuer) }, options);
}

/** What two administrators read to each other. */
const comparison = (issuer: string, theirs: readonly DescribedKey[], ours: readonly DescribedKey[]) =>
  `Keys of ${issuer}:\n${keyTable(theirs)}Keys of this instance:\n${keyTable(ours)}`;

async function activate(client: AdminClient, [name = '']: readonly string[], values: Values) {
  const { issuer, etag } = await find(client, name);
  const options = { params: { id: issuer.id } };
  const wasSeen = issuer.state !== 'pending' || issuer.pinned_keys.length > 0;
  if (wasSeen && values['thumbprint'] === undefined) {
    await client.call(AUTH_API.replaceIssuer, { ...issuer, state: 'active' }, { ...options, ifMatch: etag });
    return `${issuer.issuer} is active.\n`;
  }
  const { keys: theirs } = await client.call(AUTH_API.listIssuerKeys, undefined, options);
  const { keys: ours } = await client.call(AUTH_API.federationIdentity);
  const compared = comparison(issuer.issuer, theirs, ours);
  const given = (values['thumbprint'] ?? []) as string[];
  if (given.length === 0) {
    throw new CommandError(
      `${compared}\nCompare them with its administrator, over the telephone for example. Then activate it with\n` +
        `--thumbprint and the value, for each key of theirs.`,
      EX_USAGE,
    );
  }
  const published = theirs.map(({ thumbprint }) => thumbprint);
  if (published.some((each) => !given.includes(each)) || given.some((each) => !published.includes(each))) {
    throw new CommandError(
      `${compared}\n--thumbprint has to name every key of ${issuer.issuer}, and no other. If its administrator\n` +
        `reads out others than are shown here, do not activate it: somebody may be in between.`,
      1,
    );
  }
  const body = { ...issuer, state: 'active', confirmed_thumbprints: given };
  await client.call(AUTH_API.replaceIssuer, body, { ...options, ifMatch: etag });
  return `${compared}${issuer.issuer} is active.\n`;
}

/** One option of `set`: what it changes in the register. */
const SETTINGS: Readonly<Record<string, (text: string, issuer: Issuer) => object>> = {
  label: (label) => ({ label }),
  visits: (text) => ({ players_may_visit: yesOrNo('visits', text) }),
  sockets: (text, { quotas }) => ({ quotas: { ...quotas, sockets: Number(text) } }),
  rooms: (text, { quotas }) => ({ quotas: { ...quotas, rooms: Number(text) } }),
  entries: (text, { quotas }) => ({ quotas: { ...quotas, entries_per_minute: Number(text) } }),
  'ca-certificate': (file) => ({ ca_certificate: file === 'none' ? null : readCertificate(file) }),
  'certificate-sha256': (text) => ({ certificate_sha256: text === 'none' ? null : fingerprintOf(text) }),
};

function yesOrNo(option: string, text: string): boolean {
  if (text === 'yes' || text === 'no') return text === 'yes';
  throw new CommandError(`--${option} is yes or no.`, EX_USAGE);
}

async function set(client: AdminClient, [name = '']: readonly string[], values: Values) {
  const given = Object.entries(SETTINGS).flatMap(([option, apply]) => {
    const text = values[option];
    return typeof text === 'string' ? [{ apply, text }] : [];
  });
  if (given.length === 0) {
    const options = Object.keys(SETTINGS).map((option) => `--${option}`);
    throw new CommandError(`Say what to set: ${options.join(', ')}.`, EX_USAGE);
  }
  const changed = await change(client, name, (issuer) =>
    given.reduce((terms, { apply, text }) => ({ ...terms, ...apply(text, { ...issuer, ...terms }) }), {}),
  );
  return `${JSON.stringify(changed, undefined, 2)}\n`;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  identity: {
    words: 0,
    async run(client) {
      const { issuer, keys } = await client.call(AUTH_API.federationIdentity);
      return `${issuer}\n${keyTable(keys)}`;
    },
  },
  invite: {
    words: 1,
    options: TERMS,
    async run(client, [label], values) {
      const body = { label, ...termsOf(values) };
      const { invitation, expires_at: until } = await client.call(AUTH_API.createInvitation, body);
      const warnings = await ownAddressWarnings(invitation);
      return (
        `${invitation}\nHolds a secret: send it to the other administrator only. Good until ${until}, once.\n` +
        warnings.map((warning) => `${warning}\n`).join('')
      );
    },
  },
  accept: {
    words: 1,
    options: [...TERMS, 'label'],
    async run(client, [invitation], values) {
      const body = { invitation, label: values['label'], ...termsOf(values) };
      const { issuer, theirs, ours, granted } = await client.call(AUTH_API.acceptInvitation, body);
      return (
        `${issuer.issuer} is registered and ${issuer.state}. There our players may: ${granted.join(', ') || 'nothing'}.\n` +
        `${comparison(issuer.issuer, theirs, ours)}Compare the keys with its administrator. Then each activates the other; here:\n` +
        `  netplay-federation activate ${issuer.issuer} --thumbprint <each key of theirs>\n`
      );
    },
  },
  list: {
    words: 0,
    async run(client) {
      const { issuers } = await client.call(AUTH_API.listIssuers);
      if (issuers.length === 0) return 'No other instance is registered here.\n';
      return tableOf(
        issuers.map(({ id, state, issuer, label, permissions }) => [
          id,
          state,
          issuer,
          label,
          permissions.join(',') || 'nothing',
        ]),
      );
    },
  },
  show: {
    words: 1,
    async run(client, [name = '']) {
      return `${JSON.stringify((await find(client, name)).issuer, undefined, 2)}\n`;
    },
  },
  keys: {
    words: 1,
    async run(client, [name = '']) {
      const { issuer } = await find(client, name);
      const options = { params: { id: issuer.id } };
      return keyTable((await client.call(AUTH_API.listIssuerKeys, undefined, options)).keys);
    },
  },
  activate: { words: 1, options: ['thumbprint'], run: activate },
  set: { words: 1, options: Object.keys(SETTINGS), run: set },
  suspend: {
    words: 1,
    async run(client, [name = '']) {
      const { issuer } = await change(client, name, () => ({ state: 'suspended' }));
      return `${issuer} is suspended.\n`;
    },
  },
  remove: {
    words: 1,
    async run(client, [name = '']) {
      const { issuer, etag } = await find(client, name);
      const options = { params: { id: issuer.id }, ifMatch: etag };
      await client.call(AUTH_API.removeIssuer, undefined, options);
      return `${issuer.issuer} is forgotten.\n`;
    },
  },
  permit: {
    words: 2,
    async run(client, [name = '', what]) {
      const { issuer, permissions } = await change(client, name, () => ({
        permissions: permissionsOf(what),
      }));
      return `Players of ${issuer} may: ${permissions.join(', ') || 'nothing'}.\n`;
    },
  },
  ban: {
    words: 2,
    async run(client, [name = '', player = '']) {
      await change(client, name, ({ banned_players: banned }) => ({
        banned_players: [...new Set([...banned, player])],
      }));
      return `${player} may not come here any more.\n`;
    },
  },
  unban: {
    words: 2,
    async run(client, [name = '', player = '']) {
      await change(client, name, ({ banned_players: banned }) => ({
        banned_players: banned.filter((id) => id !== player),
      }));
      return `${player} is not banned.\n`;
    },
  },
};

export const netplayFederation: Command = {
  usage,
  ownWords: {
    'quotas.entries_per_minute': '--entries',
    'quotas.sockets': '--sockets',
    'quotas.rooms': '--rooms',
    allow_http: '--allow-http',
    allow_private_addresses: '--allow-private-addresses',
    ca_certificate: '--ca-certificate',
    certificate_sha256: '--certificate-sha256',
    confirmed_thumbprints: '--thumbprint',
    players_may_visit: '--visits',
    banned_players: 'ban',
    'list them with GET /api/admin/issuers': 'see: netplay-federation list',
    'GET /api/admin/issuers/:id/keys shows them': 'see: netplay-federation keys',
  },
  options: {
    label: { type: 'string' },
    visits: { type: 'string' },
    sockets: { type: 'string' },
    rooms: { type: 'string' },
    entries: { type: 'string' },
    permit: { type: 'string' },
    'plain-subject': { type: 'boolean' },
    'allow-http': { type: 'boolean' },
    'allow-private-addresses': { type: 'boolean' },
    'ca-certificate': { type: 'string' },
    'certificate-sha256': { type: 'string' },
    thumbprint: { type: 'string', multiple: true },
  },
  async run({ positionals: [command = '', ...words], values }, client) {
    const action = Object.hasOwn(ACTIONS, command) ? ACTIONS[command] : undefined;
    if (action === undefined) throw noSuchCommand(command, usage);
    if (action.words !== words.length) {
      const line = usage.split('\n').find((each) => each.startsWith(`  netplay-federation ${command} `));
      throw new CommandError(
        `Not the words that ${command} takes; quote what has blanks in it:\n${line}`,
        EX_USAGE,
      );
    }
    const misfit = Object.keys(values).find((name) => name !== 'url' && !action.options?.includes(name));
    if (misfit !== undefined) throw new CommandError(`${command} takes no --${misfit}.`, EX_USAGE);
    return action.run(client, words, values);
  },
};
