import { createTokenIssuer, generateSigningKey, type SigningAlg } from '@romm-netplay/token-core';

export const ISSUER = 'https://games.example.org';
/** A fixed moment on a whole second: nothing in these tests depends on the time of day. */
export const NOW_MS = 1_800_000_000_000;
export const NOW_SECONDS = NOW_MS / 1000;

export async function createIssuer(alg: SigningAlg = 'RS256', issuer = ISSUER) {
  const key = await generateSigningKey(alg);
  return { key, issuer: createTokenIssuer({ issuer, signingKey: () => key, now: () => NOW_MS }) };
}

export const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Header and claims of a token, decoded without any check. */
export function decode(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>);
  return { header: header!, claims: claims! };
}
