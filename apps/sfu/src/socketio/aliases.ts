/**
 * The ids that stock clients make up for themselves. A stock client finds itself in a list of players by the
 * id it sent, so lists for stock clients name it so. An id says nothing about who somebody is, and two may have
 * made up the same: who is called so is decided in each room (`stockIds`).
 */
export interface Aliases {
  /** What a connection calls itself from now on; undefined for one that does not. */
  note(clientId: string, alias: string | undefined): void;
  of(clientId: string): string | undefined;
  forget(clientId: string): void;
}

/** Neither an array index, which would be listed before every other, nor a member every object has. */
const FIT = /^(?!\d+$)[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;

export function createAliases(): Aliases {
  const aliases = new Map<string, string>();
  return {
    note(clientId, alias) {
      if (alias !== undefined && FIT.test(alias)) aliases.set(clientId, alias);
      else aliases.delete(clientId);
    },
    of: (clientId) => aliases.get(clientId),
    forget: (clientId) => void aliases.delete(clientId),
  };
}
