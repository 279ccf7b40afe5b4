import { type TokenClaims, TokenError, type TokenVerifier } from '@romm-netplay/token-core';
import { SocketError } from '../errors.js';
import type { CountEntry } from '../guests/count-entry.js';
import type { WriteTokenConsumer } from '../ports.js';
import type { Player } from '../players/player.js';
import { notOfPlayer } from './not-of-player.js';
import type { TokenPolicy } from './token-policy.js';

export interface UseWriteTokenDeps {
  readonly verifier: TokenVerifier;
  readonly consumer: WriteTokenConsumer;
  readonly policy: TokenPolicy;
  readonly countEntry: CountEntry;
  /** Told of a read token that opened or joined, where that is still allowed. */
  readonly onReadTokenJoin: (claims: TokenClaims) => void;
  /** Told of a player of another instance who comes into a room. */
  readonly onGuest: (guest: Player) => void;
}

/** A connection that opens or joins a room. */
export interface TicketHolder {
  readonly clientId: string;
  readonly player: Player;
  readonly ticket: (() => Promise<string>) | undefined;
}

/**
 * Verifies a write token of this very player, good on this connection, and uses it up (P1.4, P1.9). Who shows none
 * because they have no way to get one has one minted (N2).
 * @throws TokenError, SocketError token_not_yours, token_used, guests_full; StateUnavailableError
 */
export async function useWriteToken(
  { verifier, consumer, policy, countEntry, onReadTokenJoin, onGuest }: UseWriteTokenDeps,
  { player, clientId, ticket }: TicketHolder,
  shown: string | undefined,
): Promise<void> {
  const token = shown ?? (await ticket?.());
  if (token === undefined) {
    throw new SocketError('invalid_request', { message: 'data.token: a write token is needed for this' });
  }
  const verified = verifier.verify(token, policy.ticket);
  const claims = await (shown === undefined ? verified.catch(notOfPlayer) : verified);
  if (claims.type === 'sfu:write' && claims.socket !== undefined && claims.socket !== clientId) {
    throw new SocketError('token_not_yours');
  }
  if (claims.iss !== player.issuer || claims.sub !== player.sub) throw new SocketError('token_not_yours');
  // Older clients are this instance's own; nobody else has a reason to come with less than a write token.
  if (claims.type === 'sfu:read' && player.instance !== null) throw new TokenError('token_type');
  if (claims.type === 'sfu:read') onReadTokenJoin(claims);
  else if (!(await consumer.consume(token, claims))) throw new SocketError('token_used');
  // After it is used up: one token shown over and over must not use up what all guests of an instance may.
  await countEntry(player);
  if (player.instance !== null) onGuest(player);
}
