import type { Player } from './player.js';

/*
 * Buttons are pressed by events: a mouse waits for pictures, which two emulators leave no time for on a busy machine,
 * and may press twice.
 */

export interface RoomToOpen {
  readonly room: string;
  readonly playerName: string;
  readonly password?: string;
}

/** Opens a room through the emulator's own menu, and waits until the page is in it. */
export async function openRoom(
  player: Player,
  { room, playerName, password = '' }: RoomToOpen,
): Promise<void> {
  const { page } = player;
  await openMenu(player, playerName);
  await page.locator('a:visible', { hasText: 'Create a Room' }).dispatchEvent('click');
  const dialog = dialogOf(player, 'Create a room');
  await dialog.locator('input').first().fill(room);
  await dialog.locator('input').last().fill(password);
  await dialog.getByRole('button', { name: 'Submit' }).dispatchEvent('click');
  await page.waitForFunction(() => window.EJS_emulator.isNetplay === true);
  await closeMenu(player);
}

/** Joins a room as soon as the emulator's menu lists it, and waits until the page is in it. */
export async function joinRoom(player: Player, { room, playerName, password }: RoomToOpen): Promise<void> {
  const { page } = player;
  await page.evaluate((given) => void (window.roomPassword = given), password);
  await openMenu(player, playerName);
  await page
    .locator('.ejs_netplay_table_row', { hasText: room })
    .getByRole('button', { name: 'Join' })
    .dispatchEvent('click');
  await page.waitForFunction(() => window.EJS_emulator.isNetplay === true);
  await closeMenu(player);
}

export async function leaveRoom(player: Player): Promise<void> {
  const { page } = player;
  await openMenu(player);
  await page.locator('a:visible', { hasText: 'Leave Room' }).dispatchEvent('click');
  await page.waitForFunction(() => window.EJS_emulator.isNetplay === false);
  await closeMenu(player);
}

/** The menu asks for a name the first time that it opens. */
async function openMenu(player: Player, playerName?: string): Promise<void> {
  // The bar with the button hides by itself, so it is pressed where it is.
  await player.page.evaluate(() => window.EJS_emulator.elements.bottomBar.netplay[0].click());
  const dialog = dialogOf(player, 'Set Player Name');
  if (playerName === undefined || !(await dialog.isVisible())) return;
  await dialog.locator('input').fill(playerName);
  await dialog.getByRole('button', { name: 'Submit' }).dispatchEvent('click');
}

/** The emulator takes no keys while a menu is open, and none that do not go to it. */
async function closeMenu({ page }: Player): Promise<void> {
  await page.locator('a:visible', { hasText: /^Close$/ }).dispatchEvent('click');
  await page.locator('#game').focus();
}

const dialogOf = ({ page }: Player, title: string) =>
  page.locator('.ejs_popup_container_box', { has: page.getByRole('heading', { name: title }) });
