/** Things a test opened; closed in reverse order by `closeAll`. */
export interface Disposers {
  /** Registers something to close and hands it back. */
  use<T extends { close(): unknown }>(resource: T): T;
  defer(close: () => unknown): void;
  closeAll(): Promise<void>;
}

export function createDisposers(): Disposers {
  const closers: (() => unknown)[] = [];
  return {
    use(resource) {
      closers.push(() => resource.close());
      return resource;
    },
    defer: (close) => void closers.push(close),
    async closeAll() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}
