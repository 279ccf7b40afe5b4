/** Longer names would push what follows them out of sight. */
const MAX_NAME_LENGTH = 64;

/** `@` in every form, and what cannot be seen or turns around what can. */
const MISLEADING = /[@\uFE6B\uFF20]|[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * A guest as others see them: their name, and behind the only `@` where they are from. Whatever their instance
 * calls them, they look neither like a player of this one nor like a guest of a third.
 */
export function guestName(name: string, issuer: string): string {
  const { host, pathname } = new URL(issuer);
  const readable = name.replace(MISLEADING, '_').replace(/\s+/gu, ' ').trim();
  // By code points, so that no half of one is left.
  const shown = Array.from(readable).slice(0, MAX_NAME_LENGTH).join('').trim();
  return `${shown || 'Player'}@${host}${pathname.replace(/\/$/, '')}`;
}
