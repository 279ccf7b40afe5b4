import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { netplayNameOf } from '../src/identity/netplay-name.js';

const SMILEY = '😀';

describe('The name other players see (S4)', () => {
  it.each<[string, Record<string, unknown>, string | undefined]>([
    [
      'netplayid before all',
      { netplayid: 'Ace', ui_settings: { netplay_username: 'B' }, username: 'c' },
      'Ace',
    ],
    [
      'netplay_username',
      { ui_settings: { netplay_username: 'B', netplayUsername: 'C' }, username: 'u' },
      'B',
    ],
    [
      'netplayUsername',
      { ui_settings: { netplayUsername: 'C', settings: { netplayUsername: 'D' } }, username: 'u' },
      'C',
    ],
    [
      'settings.netplayUsername',
      { ui_settings: { settings: { netplayUsername: 'D', netplay_username: 'E' } }, username: 'u' },
      'D',
    ],
    [
      'settings.netplay_username',
      { ui_settings: { settings: { netplay_username: 'E' } }, username: 'u' },
      'E',
    ],
    ['the username at last', { netplayid: null, ui_settings: null, username: 'u' }, 'u'],
    ['no settings at all', { username: 'u' }, 'u'],
    ['white space is no name', { netplayid: ' \t ', username: 'u' }, 'u'],
    ['nor are control characters', { netplayid: '\u0000\u001b\u202e', username: 'u' }, 'u'],
    ['trimmed, without control characters', { netplayid: ' A\u0007da\u202e\n ' }, 'Ada'],
    ['at most 64 characters', { netplayid: 'x'.repeat(100) }, 'x'.repeat(64)],
    ['whole characters only', { netplayid: SMILEY.repeat(100) }, SMILEY.repeat(64)],
    ['no half of a pair', { netplayid: 'A\ud83d' }, 'A'],
    ['other scripts stay', { netplayid: 'Зоя 小春' }, 'Зоя 小春'],
    ['numbers are skipped', { netplayid: 7, ui_settings: { netplay_username: 8 }, username: 'u' }, 'u'],
    ['objects are skipped', { netplayid: {}, ui_settings: { netplay_username: ['x'] }, username: 'u' }, 'u'],
    ['settings that are a text', { ui_settings: 'netplay_username', username: 'u' }, 'u'],
    ['settings that are a list', { ui_settings: [1], username: 'u' }, 'u'],
    ['inner settings that are null', { ui_settings: { settings: null }, username: 'u' }, 'u'],
    ['nothing inherited', { ui_settings: Object.create({ netplay_username: 'X' }), username: 'u' }, 'u'],
    ['nothing to show', { netplayid: '', username: '\u0000' }, undefined],
  ])('%s', (_what, sources, name) => {
    expect(netplayNameOf(sources)).toBe(name);
  });

  it('never throws, and answers nothing or 1 to 64 showable characters', () => {
    const anything = fc.anything({ withObjectString: true, withNullPrototype: true });
    fc.assert(
      fc.property(anything, anything, anything, (netplayid, ui_settings, username) => {
        const name = netplayNameOf({ netplayid, ui_settings, username });
        if (name === undefined) return;
        expect(Array.from(name).length).toBeGreaterThan(0);
        expect(Array.from(name).length).toBeLessThanOrEqual(64);
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}]/u);
        expect(name.trim()).toBe(name);
      }),
    );
  });
});
