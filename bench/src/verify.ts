import { createPublicKey, verify as verifySignature } from 'node:crypto';
import {
  createCachedVerifier,
  createLocalKeySet,
  createTokenIssuer,
  createTokenVerifier,
  exportSigningKey,
  generateSigningKey,
  type SigningKey,
  trustOnly,
} from '@romm-netplay/token-core';
import { createVerifier } from 'fast-jwt';
import { importSPKI, jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { callsPerSecond, type Contender, interleave } from './interleave.js';
import { ISSUER, newPlayers } from './services.js';
import { formatRate, formatRatio, formatSpread, type Report } from './table.js';

const TOKENS = 512;
const ROUND_MS = 40;
const RAW = 'crypto.verify + JSON.parse';
const JSONWEBTOKEN = 'jsonwebtoken, KeyObject';
const OURS = 'ours';

/** Checks of a read token; every contender but the raw one checks algorithm, issuer, audience and expiry. */
export async function benchVerify(onRound: (done: number, total: number) => void): Promise<Report> {
  const key = await generateSigningKey('RS256');
  const tokens = await readTokens(key);
  const contenders = [
    contender(RAW, tokens, rawVerifier(key)),
    contender(JSONWEBTOKEN, tokens, (token) =>
      jwt.verify(token, key.publicKey, { algorithms: ['RS256'], issuer: ISSUER, audience: ISSUER }),
    ),
    contender('jose, CryptoKey', tokens, await joseVerifier(key)),
    contender('fast-jwt', tokens, fastJwtVerifier(key, false)),
    contender(OURS, tokens, ourVerifier(key, false)),
    contender('fast-jwt, cached', tokens, fastJwtVerifier(key, true)),
    contender('ours, cached', tokens, ourVerifier(key, true)),
  ];
  const results = await interleave(contenders, { rounds: 30, warmUpRounds: 5, onRound });

  const rows = results.names.map((name) => [
    name,
    formatRate(results.median(name, 'perSecond')),
    formatSpread(results.spread(name, 'perSecond')),
    formatRatio(results.ratio(name, RAW, 'perSecond')),
    formatRatio(results.ratio(name, JSONWEBTOKEN, 'perSecond')),
  ]);
  return {
    title: 'Verifying a read token (RS256)',
    tables: [{ columns: ['', 'verify/s', 'spread', 'to raw', 'to jsonwebtoken'], rows }],
    aims: [
      {
        what: 'ours, uncached, to jsonwebtoken alone',
        aim: '1.00x or more',
        measured: formatRatio(results.ratio(OURS, JSONWEBTOKEN, 'perSecond')),
      },
    ],
  };
}

/** Tokens as the issuer mints them, each of another player. */
async function readTokens(key: SigningKey): Promise<string[]> {
  const issuer = createTokenIssuer({ issuer: ISSUER, signingKey: () => key });
  const issued = await Promise.all(
    newPlayers(TOKENS).map((sub) => issuer.issueReadToken({ sub, netplayUsername: 'Player 1' }, ISSUER)),
  );
  return issued.map(({ token }) => token);
}

function contender(
  name: string,
  tokens: readonly string[],
  verify: (token: string) => unknown,
): Contender<'perSecond'> {
  const arriving = tokens.map((token) => Buffer.from(token));
  // Each a new string, as it comes off the wire: a cache has to hash and compare it.
  const operation = (index: number) => verify(arriving[index % arriving.length]!.toString('latin1'));
  const round = async () => ({ perSecond: await callsPerSecond(operation, ROUND_MS) });
  return { name, prepare: () => round };
}

/** The least anybody has to do. */
function rawVerifier({ publicKey }: SigningKey) {
  return (token: string): unknown => {
    const payloadStart = token.indexOf('.') + 1;
    const payloadEnd = token.indexOf('.', payloadStart);
    const signature = Buffer.from(token.slice(payloadEnd + 1), 'base64url');
    if (!verifySignature('RSA-SHA256', Buffer.from(token.slice(0, payloadEnd)), publicKey, signature)) {
      throw new Error('The signature does not match.');
    }
    return JSON.parse(Buffer.from(token.slice(payloadStart, payloadEnd), 'base64url').toString());
  };
}

async function joseVerifier(key: SigningKey) {
  // A CryptoKey made once is its fastest way.
  const publicKey = await importSPKI(publicPem(key), 'RS256');
  const options = { algorithms: ['RS256'], issuer: ISSUER, audience: ISSUER };
  return (token: string): unknown => jwtVerify(token, publicKey, options);
}

function fastJwtVerifier(key: SigningKey, cache: boolean): (token: string) => unknown {
  return createVerifier({
    key: publicPem(key),
    algorithms: ['RS256'],
    allowedIss: ISSUER,
    allowedAud: ISSUER,
    cache: cache && TOKENS,
  });
}

function ourVerifier(key: SigningKey, cache: boolean) {
  const options = { trustedIssuers: trustOnly(ISSUER, createLocalKeySet([key])), audience: ISSUER };
  const verifier = cache ? createCachedVerifier(options) : createTokenVerifier(options);
  return (token: string): unknown => verifier.verify(token, ['sfu:read']);
}

const publicPem = (key: SigningKey): string =>
  createPublicKey(exportSigningKey(key)).export({ type: 'spki', format: 'pem' }).toString();
