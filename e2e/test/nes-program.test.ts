import { describe, expect, it } from '@jest/globals';
import { assemble } from '../emulator/assemble-6502.js';
import { buildNesProgram } from '../emulator/nes-program.js';

describe('the program that the emulator runs', () => {
  const file = buildNesProgram();
  const PRG_START = 16;
  const CHR_START = PRG_START + 0x4000;

  it('is an iNES file without a mapper: 16 KB of program, 8 KB of tiles', () => {
    expect([...file.subarray(0, 16)]).toEqual([0x4e, 0x45, 0x53, 0x1a, 1, 1, ...Array<number>(10).fill(0)]);
    expect(file).toHaveLength(16 + 0x4000 + 0x2000);
  });

  it('has vectors into its code: reset at its start, an interrupt that is ignored right before its table', () => {
    const vectors = new DataView(file.buffer, CHR_START - 6);
    const [blank, reset, ignored] = [0, 2, 4].map((offset) => vectors.getUint16(offset, true));
    expect(reset).toBe(0xc000);
    expect(byteAt(reset!)).toBe(0x78);
    expect(blank).toBeGreaterThan(reset!);
    expect(byteAt(ignored!)).toBe(0x40);
    expect([1, 2, 3, 4].map((offset) => byteAt(ignored! + offset))).toEqual([0x0f, 0x02, 0x06, 0x0a]);
  });

  it('has one tile, all of colour 1', () => {
    const tiles = file.subarray(CHR_START);
    expect([...tiles].flatMap((byte, i) => (byte === 0 ? [] : [i]))).toEqual([
      16, 17, 18, 19, 20, 21, 22, 23,
    ]);
  });

  it('is the same every time', () => expect(buildNesProgram()).toEqual(file));

  const byteAt = (address: number) => file[PRG_START + address - 0xc000];
});

describe('the assembler', () => {
  it('knows names, labels in both directions, tables and every addressing mode', () => {
    const source = `
      near = $10
      far = $2007
      start:  lda #$40      ; immediate
              sta near
              sta far
              lda table,x
              bne start
              beq end
      end:    jmp start
      table:  .byte 1, near, $ff
    `;
    const { code, addressOf } = assemble(source, 0x8000);
    expect(addressOf('table')).toBe(0x8011);
    expect(Buffer.from(code).toString('hex')).toBe(
      ['a940', '8510', '8d0720', 'bd1180', 'd0f4', 'f000', '4c0080', '0110ff'].join(''),
    );
  });

  it.each([
    ['an unknown instruction', 'xyz #1'],
    ['a mode that an instruction does not have', 'inx #1'],
    ['a name that nothing has', 'jmp nowhere'],
    ['a value that no byte holds', 'lda #$100'],
    ['a branch that is too far', `here: ${'sta $2000\n'.repeat(50)} bne here`],
  ])('refuses %s', (_, source) => expect(() => assemble(source, 0)).toThrow());
});
