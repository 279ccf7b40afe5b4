/** Prints what happens and keeps count of what turned out true. */
export interface Transcript {
  say(text: string): void;
  heading(text: string): void;
  /** Records a claim about what just happened. */
  claim(text: string, holds: boolean): void;
  readonly failures: number;
  readonly claims: number;
}

export function createTranscript(write: (line: string) => void): Transcript {
  let failures = 0;
  let claims = 0;
  return {
    say: (text) => write(`    ${text}`),
    heading: (text) => write(`\n${text}`),
    claim(text, holds) {
      claims += 1;
      if (!holds) failures += 1;
      write(`  ${holds ? 'ok ' : 'NOT'} ${text}`);
    },
    get failures() {
      return failures;
    },
    get claims() {
      return claims;
    },
  };
}
