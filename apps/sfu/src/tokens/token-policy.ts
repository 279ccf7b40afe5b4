import type { TokenType } from '@romm-netplay/token-core';

/** An access token speaks for a session at auth, and for nobody here. */
type PlayTokenType = Exclude<TokenType, 'access'>;

/** Which tokens count for what. */
export interface TokenPolicy {
  /** Prove who somebody is: at hello and for lists. */
  readonly identity: readonly PlayTokenType[];
  /** Open or join one room. */
  readonly ticket: readonly PlayTokenType[];
}

/** Any token that a player has. */
export const anyOf = ({ identity, ticket }: TokenPolicy): readonly PlayTokenType[] => [
  ...new Set([...identity, ...ticket]),
];

/** The rule, and what an operator still lets through while clients are being moved (P1.5, P1.12). */
export const tokenPolicy = (accept: {
  readonly sfuType: boolean;
  readonly readTokenJoins: boolean;
}): TokenPolicy => {
  const older: readonly PlayTokenType[] = accept.sfuType ? ['sfu'] : [];
  return {
    identity: ['sfu:read', ...older],
    ticket: ['sfu:write', ...older, ...(accept.readTokenJoins ? (['sfu:read'] as const) : [])],
  };
};
