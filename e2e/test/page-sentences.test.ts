/** What auth's page says of faults, in words for players: W1. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { SOCKET_ERRORS } from '@romm-netplay/protocol';
import { AUTH_ERRORS } from '../../apps/auth/src/errors.js';
import { TOKEN_ERRORS } from '../../packages/token-core/src/errors.js';
import { readText, ROOT } from './support/deploy.js';

type Fault = Partial<
  Record<'code' | 'message', string> & Record<'status' | 'closeCode' | 'retryAfterMs', number>
> & { readonly retryable?: boolean };
let sentenceOf: (error: Fault) => string;
/** Those that the client itself reports, from its documentation. */
let clientCodes: string[];
beforeAll(async () => {
  ({ sentenceOf } = (await import(`${ROOT}apps/auth/page/sentences.js`)) as {
    sentenceOf: typeof sentenceOf;
  });
  const rows = (await readText('docs/CLIENT.md')).match(/^\| `[a-z_]+`.*\| (yes|no|depends) +\|/gm) ?? [];
  clientCodes = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, code]) => code!));
});

/** Words that mean something to whoever runs or writes such a server. */
const JARGON =
  /\b(URL|CORS|token|origin|POST|GET|Bearer|header|proxy|netplay\.v1|WebSocket|SFU|HTML|JSON)\b|[A-Z]+_[A-Z]/i;
/** Requests that the page never makes. */
const NEVER_MET = [
  ...[
    'unknown_type',
    'already_authenticated',
    'unauthorized',
    'token_not_yours',
    'resume_refused',
    'not_owner',
  ],
  ...['wrong_phase', 'not_all_ready', 'slot_taken', 'invalid_slot', 'last_player', 'bans_full'],
  ...['target_not_in_room', 'bad_frame'],
];
const FALLBACK = /^That did not work; reload the page and try again, .*: \w+\.$/;

describe('the sentence for a fault', () => {
  it('is one of its own for whatever the client and nodes refuse players with', () => {
    expect(clientCodes.length).toBeGreaterThan(18);
    const codes = [...clientCodes, ...Object.keys(SOCKET_ERRORS)].filter((code) => !NEVER_MET.includes(code));
    const said = codes.map((code) => ({
      code,
      sentence: sentenceOf({ code, message: 'as the server says' }),
    }));
    expect(said.filter(({ sentence }) => FALLBACK.test(sentence))).toEqual([]);
    expect(said.filter(({ sentence }) => JARGON.test(sentence))).toEqual([]);
    expect(said.filter(({ code, sentence }) => code !== 'left' && !sentence.endsWith('.'))).toEqual([]);
  });

  it('is never what auth says to programs', () => {
    for (const [code, message] of Object.entries({ ...AUTH_ERRORS, ...TOKEN_ERRORS })) {
      expect(sentenceOf({ code, message }).replace(code, '')).not.toMatch(JARGON);
    }
  });

  it.each<[string, Fault, RegExp]>([
    [
      'a node that is down',
      { code: 'connection_closed', closeCode: 1006, retryable: true },
      /does not answer/,
    ],
    [
      'a node that hung up',
      { code: 'connection_closed', closeCode: 4413, retryable: false },
      /join the room again/,
    ],
    [
      'a proxy without a server',
      { code: 'unavailable', status: 502, retryable: true },
      /cannot .* try again shortly/,
    ],
    ['a 429 of somebody', { code: 'http_429', status: 429, retryable: true }, /too much at once/],
    ['a 503 of somebody', { code: 'new_code', status: 503, retryable: true }, /try again shortly/],
    [
      'a limit of a minute',
      { code: 'too_many_attempts', status: 429, retryAfterMs: 42_100 },
      /in 43 seconds\.$/,
    ],
    [
      'a limit of an hour',
      { code: 'too_many_attempts', status: 429, retryAfterMs: 3_600_000 },
      /in 60 minutes\.$/,
    ],
    ['what later servers say', { code: 'quite_new', status: 400 }, FALLBACK],
    ['a name that objects have', { code: 'constructor', status: 400 }, FALLBACK],
    ['a fault of the page', new TypeError('x is not a function'), /TypeError: x is not a function\.$/],
  ])('says of %s what to do', (_what, fault, expected) => {
    expect(sentenceOf(fault)).toMatch(expected);
  });
});
