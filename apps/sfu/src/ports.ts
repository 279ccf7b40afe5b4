import type { CloseName } from '@romm-netplay/protocol/wire';
import type { LegacyTokenClaims, WriteTokenClaims } from '@romm-netplay/token-core';
import type { EventMessage } from './players/event-message.js';

/** Uses up write tokens: in the shared state, or by asking auth (mode A3). */
export interface WriteTokenConsumer {
  /**
   * True for exactly one caller per token; false when it was used, has expired or was never minted.
   * Rejects with StateUnavailableError when nobody can tell: then the token counts as not used by us.
   */
  consume(token: string, claims: WriteTokenClaims | LegacyTokenClaims): Promise<boolean>;
}

/** What a player shows in place of a token of ours: RomM's session cookie, or a bearer of RomM's. */
export type RommCredential = { readonly session: string } | { readonly authorization: string };

/** Gets tokens for players who have none: auth asks RomM who they are (N2). */
export interface PlayerTokens {
  /**
   * A read token of whoever holds the credential; RomM's word may be `maxAgeSeconds` old, a minute by default.
   * @throws SocketError not_signed_in, kiosk_visitor, account_disabled, identity_taken; StateUnavailableError
   */
  read(credential: RommCredential, maxAgeSeconds?: number): Promise<string>;
  /** A write token that is good on this connection alone. @throws as `read` */
  write(credential: RommCredential, socket: string): Promise<string>;
}

/** The sending half of a player's connection, whatever carries it. Never throws; a closed one drops. */
export interface Outbox {
  /** Whether a player whose connection is lost may come back for their place; else it is free at once (R4, N4). */
  readonly returns: boolean;
  sendEvent(event: EventMessage): void;
  sendBinary(frame: Uint8Array): void;
  close(name: CloseName): void;
}
