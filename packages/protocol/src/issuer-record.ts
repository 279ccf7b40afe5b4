import { z } from 'zod';
import { cleanName } from './names.js';

/** What players of another instance may do here (P2.4). */
export const ISSUER_PERMISSIONS = ['rooms:list', 'rooms:join', 'rooms:create'] as const;
export type IssuerPermission = (typeof ISSUER_PERMISSIONS)[number];

/** Only an active issuer is trusted; one begins pending, until an administrator has looked at it. */
export const ISSUER_STATES = ['pending', 'active', 'suspended'] as const;
export type IssuerState = (typeof ISSUER_STATES)[number];

export const MAX_ISSUER_LENGTH = 255;
const MAX_PINNED_KEYS = 10;
const MAX_BANNED_PLAYERS = 200;
const MAX_CERTIFICATE_LENGTH = 8_192;
const PATH = /^(\/[A-Za-z0-9._~-]+)*$/;

export type IssuerReading = { readonly issuer: string } | { readonly fault: string };

/**
 * Reads the URL of an instance. Two ways to write one instance give the same text, because it is compared
 * with the `iss` of tokens sign by sign.
 */
export function readIssuer(text: string, { allowHttp }: { readonly allowHttp: boolean }): IssuerReading {
  if (text.length > MAX_ISSUER_LENGTH) return { fault: `must have at most ${MAX_ISSUER_LENGTH} characters` };
  // The parser would mend or drop all of these; what an administrator sees must be what is stored.
  if (/[\s\\\p{Cc}]/u.test(text)) return { fault: 'must not contain white space or backslashes' };
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    return { fault: 'must be a URL such as https://games.example.org' };
  }
  if (text.includes('@')) return { fault: 'must not contain credentials' };
  if (/[?#]/.test(text)) return { fault: 'must have neither query nor fragment' };
  const { protocol, host, hostname, port, pathname } = new URL(text);
  if (protocol === 'http:' && !allowHttp)
    return { fault: 'must begin with https, unless allow_http is true' };
  if (hostname.endsWith('.')) return { fault: 'must have a host name without a dot at its end' };
  if (port === '0') return { fault: 'must have a port other than 0' };
  const path = pathname.replace(/\/$/, '');
  if (!PATH.test(path)) return { fault: 'must have a path of letters, digits and . _ ~ - only' };
  const issuer = `${protocol}//${host}${path}`;
  // A name in other scripts is longer in the form that is stored.
  return issuer.length > MAX_ISSUER_LENGTH
    ? { fault: `must have at most ${MAX_ISSUER_LENGTH} characters` }
    : { issuer };
}

const base64url = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Says which member is too much, and warns of a key that was shown to others. */
function unknownMembers(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const secret = issue.keys.find((key) => PRIVATE_MEMBERS.includes(key));
  return secret === undefined
    ? `has members that public keys do not have here: ${issue.keys.join(', ')}`
    : `contains the private member ${secret}; give public keys only, and replace this one, which is exposed`;
}

const named = {
  kid: z.string().min(1).max(128),
  use: z.literal('sig').default('sig'),
};

/** A public key that tokens of an issuer are checked with; nothing else may be in it. */
export const pinnedKey = z
  .discriminatedUnion(
    'kty',
    [
      z.strictObject(
        {
          kty: z.literal('RSA'),
          alg: z.enum(['RS256', 'PS256']),
          ...named,
          n: base64url(340, 1_400).describe('2048 bits or more.'),
          e: base64url(1, 8),
        },
        { error: unknownMembers },
      ),
      z.strictObject(
        {
          kty: z.literal('EC'),
          alg: z.literal('ES256'),
          ...named,
          crv: z.literal('P-256'),
          x: base64url(43, 43),
          y: base64url(43, 43),
        },
        { error: unknownMembers },
      ),
    ],
    { error: 'must be a public key with kty RSA or EC' },
  )
  .meta({ id: 'PinnedKey' });
export type PinnedKey = z.output<typeof pinnedKey>;

const sha256Fingerprint = z
  .string()
  .max(95)
  .regex(/^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, 'must be 64 hex digits, with or without colons')
  .overwrite((text) => text.replaceAll(':', '').toLowerCase());

/** What the players of one issuer together may take up; on each node, but for the tokens. */
export const issuerQuotas = z.object({
  sockets: z.int().min(1).max(10_000).describe('Connections on one node.'),
  rooms: z.int().min(0).max(1_000).describe('Rooms that they own on one node.'),
  entries_per_minute: z.int().min(1).max(100_000).describe('Rooms opened and joined, on all nodes together.'),
});
export type IssuerQuotas = z.output<typeof issuerQuotas>;
export const DEFAULT_QUOTAS: IssuerQuotas = { sockets: 200, rooms: 20, entries_per_minute: 120 };

/** What an administrator decides of an issuer, apart from its state. */
export const issuerTerms = z.object({
  label: z
    .string()
    .max(256)
    .transform(cleanName)
    .pipe(z.string().min(1, 'has nothing in it that is shown').max(64))
    .describe('How people here know the instance.'),
  permissions: z
    .array(z.enum(ISSUER_PERMISSIONS))
    .max(ISSUER_PERMISSIONS.length)
    .refine((given) => new Set(given).size === given.length, 'must name each permission once')
    .describe('What its players may do here.'),
  pinned_keys: z
    .array(pinnedKey)
    .max(MAX_PINNED_KEYS)
    .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, 'must have different kids')
    .describe('If not empty, the only keys its tokens may be signed with.'),
  ca_certificate: z
    .string()
    .max(MAX_CERTIFICATE_LENGTH)
    .refine((pem) => !pem.includes('PRIVATE KEY'), 'contains a private key; give the certificate alone')
    .regex(
      /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
      'must be one or more PEM certificates',
    )
    .nullable()
    .describe('Trusted for this instance instead of the public authorities.'),
  certificate_sha256: sha256Fingerprint.nullable().describe('Fingerprint of its own certificate.'),
  allow_private_addresses: z.boolean().describe('It may be reached at an address of a private network.'),
  subject: z
    .enum(['pairwise', 'plain'])
    .describe('How it knows our players: by an id made for it alone, or by the one they have here.'),
  players_may_visit: z.boolean().describe('Whether our players may go there, if they agree to.'),
  quotas: issuerQuotas.describe('How much its players may take up here.'),
  banned_players: z
    .array(z.string().regex(/^[\w-]{22}$/, 'must be a player_id as rooms show it'))
    .max(MAX_BANNED_PLAYERS)
    .refine((banned) => new Set(banned).size === banned.length, 'must name each player once')
    .describe('Players of it who may not come here.'),
});
export type IssuerTerms = z.output<typeof issuerTerms>;

/** An instance whose players may come here, as the registry keeps it. */
export const issuerRecord = issuerTerms.extend({
  issuer: z.string().min(1).max(MAX_ISSUER_LENGTH).describe('Its URL: the iss of its tokens.'),
  allow_http: z.boolean().describe('Its URL may begin with http.'),
  state: z.enum(ISSUER_STATES),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
});
/** An issuer as it is written; the registry numbers what it stores. */
export type IssuerDraft = z.output<typeof issuerRecord>;

export const registeredIssuer = issuerRecord.extend({
  version: z.int().min(1).describe('Grows with every change, never used twice.'),
});
export type RegisteredIssuer = z.output<typeof registeredIssuer>;
