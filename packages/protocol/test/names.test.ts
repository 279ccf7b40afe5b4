import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanName, cleanText, cutName } from '@romm-netplay/protocol';

describe('names are shown and compared in one form', () => {
  it.each<[what: string, text: string, clean: string]>([
    ['composed and decomposed', 'Zoe\u0308', 'Zoë'],
    ['full width', 'Ａｄａ', 'Ada'],
    ['zero width space and joiners', 'a\u200bd\u200c\u200da\ufeff', 'ada'],
    ['a joiner that kept a mark from its letter', 'e\u200b\u0301', 'é'],
    ['direction', '\u202eada\u2066\u200f\u061c', 'ada'],
    ['NUL and ESC', 'a\u0000d\u001b[31ma', 'ad[31ma'],
    ['soft hyphen', 'a\u00adda', 'ada'],
    ['Hangul fillers', '\u3164\uffa0\u115f\u1160', ''],
    ['braille blank', '\u2800', ''],
    ['tags', 'a\u{e0061}\u{e007f}', 'a'],
    ['variation selectors', 'a\ufe0f', 'a'],
    ['combining grapheme joiner', 'a\u034f', 'a'],
    ['halves of pairs', 'a\ud83d', 'a'],
    ['private use', 'a\ue000', 'a'],
    ['line ends and tabs', ' a\r\n\tb\u2028c ', 'a b c'],
    ['spaces of every width', 'a\u00a0\u2003b', 'a b'],
    ['other scripts stay', 'Зоя 小春 हिन्दी', 'Зоя 小春 हिन्दी'],
    ['emoji stay', '🎮 ok', '🎮 ok'],
  ])('%s', (_what, text, clean) => {
    expect(cleanName(text)).toBe(clean);
  });

  it('cleaning twice changes nothing, and nothing unseen is left, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = cleanName(text);
        expect(cleanName(once)).toBe(once);
        expect(once).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{DI}\u2028\u2029]|^\s|\s$|\s\s/u);
      }),
      { numRuns: 2_000 },
    );
  });

  it('text keeps its form and its spaces, and loses what is not shown', () => {
    expect(cleanText('½  \u202eof\u200b \u0007it\n')).toBe('½  of it ');
  });

  it('is cut by whole characters', () => {
    expect(cutName('🎮🎮 a', 3)).toBe('🎮🎮');
  });
});
