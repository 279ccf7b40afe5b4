/** What a process opened, closed in reverse order; one failing close does not keep the others open. */
export interface CloseStack {
  defer(close: () => unknown): void;
  /** Idempotent. Rejects with an AggregateError when something did not close. */
  close(): Promise<void>;
}

export function createCloseStack(): CloseStack {
  const closers: (() => unknown)[] = [];
  return {
    defer: (close) => void closers.push(close),
    async close() {
      const errors: unknown[] = [];
      for (const close of closers.splice(0).reverse()) {
        try {
          await close();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, 'Not everything closed cleanly.');
    },
  };
}
