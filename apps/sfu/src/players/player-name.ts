import { cleanName, cutName } from '@romm-netplay/protocol';
import { MAX_PLAYER_NAME_LENGTH } from '@romm-netplay/protocol/wire';

/** In every form that is left of it in a clean name. */
const AT = /[@\uFE6B\uFF20]/gu;

/**
 * A player as others see them; longer names would push what follows them out of sight, and an `@` is what guests
 * are known by.
 */
export const playerName = (name: string): string =>
  cutName(cleanName(name.replace(AT, '_')), MAX_PLAYER_NAME_LENGTH) || 'Player';

/**
 * A guest as others see them: their name, and behind the only `@` where they are from. Whatever their instance
 * calls them, they look neither like a player of this one nor like a guest of a third.
 */
export function guestName(name: string, issuer: string): string {
  const { host, pathname } = new URL(issuer);
  return `${playerName(name)}@${host}${pathname.replace(/\/$/, '')}`;
}
