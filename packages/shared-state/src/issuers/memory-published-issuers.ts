import type { IssuerList, PublishedIssuers } from './issuer-feed.js';

/** The issuers as one process knows them (mode A1). */
export function createMemoryPublishedIssuers(): PublishedIssuers {
  let held: IssuerList = { version: 0, issuers: [] };
  return {
    version: () => Promise.resolve(held.version),
    list: () => Promise.resolve(structuredClone(held)),
    publish(list) {
      if (list.version > held.version) held = structuredClone(list);
      return Promise.resolve();
    },
  };
}
