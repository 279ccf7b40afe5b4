/** What stock EmulatorJS takes for a line of chat, in a message of the game's own; it shows the name that stands there. */
const CHAT = 'chat-message';

/**
 * A message of the game's own as a stock client may have it; undefined for none. Such a client does what it says, who
 * ever it is from: it presses the buttons of another, pauses, shows chat. So it gets these from players only, and what
 * looks like chat from the server alone, which knows who said it.
 */
export function forStock(name: string, data: unknown, { slot }: { readonly slot: number | null }): unknown {
  if (slot === null) return undefined;
  if (name !== 'data-message' || typeof data !== 'object' || data === null || !(CHAT in data)) return data;
  const { [CHAT]: _said, ...rest } = data;
  return Object.keys(rest).length === 0 ? undefined : rest;
}
