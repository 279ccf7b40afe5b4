import { assemble } from './assemble-6502.js';

/** In the order in which a pad reports them. */
export const BUTTONS = ['A', 'B', 'Select', 'Start', 'Up', 'Down', 'Left', 'Right'] as const;
export type Button = (typeof BUTTONS)[number];

/**
 * What the program shows: 8 columns, one per button, in the upper half of the screen for pad 1 and in the lower
 * half for pad 2. A cell is white while its button is held. Other cells have one of four dark colours: every
 * press of Start, of either pad, goes one step on. That is the game's memory, which a saved state carries.
 */
export const DARK_COLOURS = ['black', 'blue', 'red', 'green'] as const;
export type DarkColour = (typeof DARK_COLOURS)[number];

const PRG_SIZE = 0x4000;
const CHR_SIZE = 0x2000;
/** Where the processor sees 16 KB of program: at the end of its memory, with the vectors in the last 6 bytes. */
const ORIGIN = 0xc000;

/**
 * The screen is filled with one tile of colour 1 and never changes. What changes is which of two palettes each
 * area of 32x32 pixels has: 64 bytes of attributes, rewritten in every vertical blank. So the program needs no
 * buffers, and is done after about 1,800 of the 2,273 cycles that a blank lasts.
 */
const SOURCE = `
  ; Of the picture unit
  ctrl = $2000
  mask = $2001
  status = $2002
  scroll = $2005
  address = $2006
  data = $2007
  ; Of the pads: writing 1 and 0 latches both, then each read answers the next button
  pads = $4016
  second = $4017

  ; Variables
  pad1 = $00      ; buttons as bits, A first
  pad2 = $01
  bits = $02      ; of the row that is being shown
  held = $03      ; whether Start was held in the frame before
  presses = $04   ; of Start

  reset:
    sei
    cld
    ldx #$40
    stx second      ; no interrupts of the sound unit: this register is another one when written
    ldx #$ff
    txs
    inx
    stx ctrl        ; no interrupts, no picture while all is set up
    stx mask
    stx held
    stx presses
  warming:          ; the picture unit takes two blanks until it listens
    bit status
    bpl warming
  warmed:
    bit status
    bpl warmed

    lda #$3f        ; palettes: colour 1 of the second is white
    sta address
    lda #$05
    sta address
    lda #$30
    sta data

    lda #$20        ; 1,024 times tile 1: the whole screen, and its attributes, which do not stay
    sta address
    lda #$00
    sta address
    lda #1
    ldx #0
    ldy #4
  fill:
    sta data
    inx
    bne fill
    dey
    bne fill

    lda #$80        ; an interrupt per blank
    sta ctrl
    lda #$0a        ; the picture, up to its left border
    sta mask
  forever:
    jmp forever

  blank:
    lda #1
    sta pad2        ; this 1 leaves the byte when 8 buttons have come in
    sta pads
    lsr
    sta pads
  read:
    lda pads
    lsr
    rol pad1
    lda second
    lsr
    rol pad2
    bcc read

    lda pad1        ; another press of Start?
    ora pad2
    and #$10
    tax
    beq counted
    cmp held
    beq counted
    inc presses
  counted:
    stx held

    lda #$3f        ; colour 1 of the first palette: that of cells which are not lit
    sta address
    lda #$01
    sta address
    lda presses
    and #3
    tax
    lda dark,x
    sta data

    lda #$23        ; attributes: 4 rows of 8 for pad 1, and 4 for pad 2
    sta address
    lda #$c0
    sta address
    ldy #4
  row1:
    lda pad1
    sta bits
    ldx #8
  cell1:
    lda #$00
    asl bits
    bcc dark1
    lda #$55        ; the second palette in all four quarters
  dark1:
    sta data
    dex
    bne cell1
    dey
    bne row1

    ldy #4
  row2:
    lda pad2
    sta bits
    ldx #8
  cell2:
    lda #$00
    asl bits
    bcc dark2
    lda #$55
  dark2:
    sta data
    dex
    bne cell2
    dey
    bne row2

    lda #0          ; the address was the scroll position too
    sta address
    sta address
    sta scroll
    sta scroll
    lda #$80
    sta ctrl
  ignored:
    rti

  dark:
    .byte $0f, $02, $06, $0a
`;

/** A cartridge in iNES form: no mapper, 16 KB of program, 8 KB of tiles. The same bytes every time. */
export function buildNesProgram(): Uint8Array {
  const { code, addressOf } = assemble(SOURCE, ORIGIN);
  const program = new Uint8Array(PRG_SIZE);
  program.set(code);
  const vectors = new DataView(program.buffer, PRG_SIZE - 6);
  ['blank', 'reset', 'ignored'].forEach((name, i) => vectors.setUint16(2 * i, addressOf(name), true));

  // A tile is 8 bytes of the low bits of its pixels and 8 of the high bits: tile 1 is colour 1 all over.
  const tiles = new Uint8Array(CHR_SIZE);
  tiles.fill(0xff, 16, 24);

  const header = Uint8Array.from([0x4e, 0x45, 0x53, 0x1a, PRG_SIZE / 0x4000, CHR_SIZE / 0x2000]);
  const file = new Uint8Array(16 + PRG_SIZE + CHR_SIZE);
  file.set(header);
  file.set(program, 16);
  file.set(tiles, 16 + PRG_SIZE);
  return file;
}
