/**
 * The ids that stock clients make up for themselves. A stock client finds itself in a list of players by the
 * id it sent, so lists for stock clients name it so. An id says nothing about who somebody is.
 */
export interface Aliases {
  /** Names a connection, unless another has the name already. */
  claim(clientId: string, alias: string | undefined): void;
  of(clientId: string): string | undefined;
  forget(clientId: string): void;
}

/** Neither an array index, which would be listed before every other, nor a member every object has. */
const FIT = /^(?!\d+$)[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;

export function createAliases(): Aliases {
  const byClient = new Map<string, string>();
  const holders = new Map<string, string>();

  function forget(clientId: string): void {
    const alias = byClient.get(clientId);
    if (alias === undefined) return;
    byClient.delete(clientId);
    holders.delete(alias);
  }

  return {
    claim(clientId, alias) {
      forget(clientId);
      if (alias === undefined || !FIT.test(alias) || holders.has(alias)) return;
      byClient.set(clientId, alias);
      holders.set(alias, clientId);
    },
    of: (clientId) => byClient.get(clientId),
    forget,
  };
}
