import { createHash } from 'node:crypto';

/**
 * A player as the clients of romm-sfu-server know them: shaped like a UUID. It stands for the pair (issuer,
 * sub), from which the player id is derived, and not for `sub` alone (D5).
 */
export function legacyUserId(playerId: string): string {
  const hex = createHash('sha256').update(`socket.io ${playerId}`).digest('hex');
  const [a, b, c, d, e] = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ];
  return `${a}-${b}-${c}-${d}-${e}`;
}
