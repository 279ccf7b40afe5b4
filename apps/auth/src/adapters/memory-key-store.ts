import type { KeyStore, KeyStoreTransaction, StoredKey } from '../keys/key-store.js';

/** Keys of one process that are gone when it ends. */
export function createMemoryKeyStore(): KeyStore {
  let keys: readonly StoredKey[] = [];
  let turn: Promise<unknown> = Promise.resolve();

  return {
    list: () => Promise.resolve([...keys]),
    exclusively(work) {
      const run = turn.then(async () => {
        const draft = new Map(keys.map((key) => [key.kid, key]));
        const result = await work(draftOf(draft));
        keys = [...draft.values()].sort((a, b) => a.signsFromMs - b.signsFromMs);
        return result;
      });
      turn = run.catch(() => undefined);
      return run;
    },
  };
}

function draftOf(draft: Map<string, StoredKey>): KeyStoreTransaction {
  return {
    list: () => Promise.resolve([...draft.values()].sort((a, b) => a.signsFromMs - b.signsFromMs)),
    insert(key) {
      if (draft.has(key.kid)) return Promise.reject(new Error('This kid is taken.'));
      draft.set(key.kid, key);
      return Promise.resolve();
    },
    update(kid, changes) {
      const current = draft.get(kid);
      if (current !== undefined) draft.set(kid, { ...current, ...changes });
      return Promise.resolve();
    },
    remove(kid) {
      draft.delete(kid);
      return Promise.resolve();
    },
  };
}
