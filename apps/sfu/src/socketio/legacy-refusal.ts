/** A refusal in words that only Socket.IO clients are told. */
export class LegacyRefusal extends Error {
  readonly word: string;

  constructor(word: string, options?: ErrorOptions) {
    super(word, options);
    this.name = 'LegacyRefusal';
    this.word = word;
  }
}
