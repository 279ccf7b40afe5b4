/** A secret of this instance as it is kept; see KeyCipher. */
export interface StoredSecret {
  readonly name: string;
  readonly sealedSecret: string;
  readonly encryptionKeyId: string;
}

/** Where secrets that are no signing keys are kept. Methods reject with AuthError database_unavailable. */
export interface SecretStore {
  list(): Promise<StoredSecret[]>;
  /** Stores a secret unless there is one of this name, and answers the one that is there: all replicas get it. */
  keep(secret: StoredSecret): Promise<StoredSecret>;
  /** Puts `resealed` in the place of `held`, if that is still what is there. */
  replace(held: StoredSecret, resealed: StoredSecret): Promise<void>;
}
