/**
 * What is not shown, or turns around what is: control and format characters (zero width, direction, soft hyphen,
 * tags), halves of pairs, private use, fillers and other default ignorables, the braille blank. The properties
 * are those of UAX #44.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{DI}\u2800]/gu;
/** Line ends and tabs separate words as a space does. */
const BREAKS = /[\t-\r\u0085\u2028\u2029]+/gu;

/** A text that people are shown, without what they cannot see in it. */
export const cleanText = (text: string): string => text.replace(BREAKS, ' ').replace(UNSEEN, '');

/**
 * A name in the one form in which it is shown, stored and compared (rooms, players, accounts, instances): NFKC
 * (UAX #15), without what is not shown, and with single spaces. Cleaning it again changes nothing.
 */
export const cleanName = (text: string): string => (PLAIN.test(text) ? text : cleaned(text));

/** Most names: clean already, and lists are long. */
const PLAIN = /^[!-~]+(?: [!-~]+)*$/;

const cleaned = (text: string): string =>
  // What a compatibility form stands for may be a filler; what stood between two signs may have kept them apart.
  cleanText(cleanText(text).normalize('NFKC')).normalize('NFKC').replace(/\s+/gu, ' ').trim();

/** At most so many whole characters of a clean name: half of one would not survive the way through UTF-8. */
export const cutName = (name: string, maxLength: number): string =>
  Array.from(name).slice(0, maxLength).join('').trim();
